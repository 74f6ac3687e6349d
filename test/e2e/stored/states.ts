import { createHeldAnswers, HELD } from '../../support/held-answers.ts';
import { type Suite, sms, textsAt, until } from './stage.ts';

const throttled = (seconds: number) => ({ status: 429, headers: { 'Retry-After': String(seconds) } });

/** What a message goes through, and what is told of it meanwhile. */
export const states: Suite = (t, start) => {
  t.test('every attempt is told, and why a message waits and since when', async (t) => {
    const { accept, reaches, view, simulator, clock } = await start(t);
    simulator.control({ next: [throttled(20), throttled(20)] });
    const id = await accept();
    await simulator.waitFor(1);
    const paused = await reaches(id, 'queued');
    t.match(paused, { waitingFor: 'paused', attempts: 1, code: null, outcome: null });
    t.match(paused['attemptLog'], [{ at: /Z$/, durationMs: Number, outcome: 'throttled', upstreamStatus: 429 }]);
    t.equal(paused['waitingSince'], (paused['attemptLog'] as { at: string }[])[0]?.at);
    clock.jump(25_000);
    await simulator.waitFor(2);
    t.match(await reaches(id, 'queued'), { attempts: 2 });
    clock.jump(25_000);
    const sent = await reaches(id, 'sent');
    const log = sent['attemptLog'] as { outcome: string; upstreamStatus: number }[];
    t.strictSame(
      log.map(({ outcome, upstreamStatus }) => [outcome, upstreamStatus]),
      [
        ['throttled', 429],
        ['throttled', 429],
        ['sent', 200],
      ],
    );
    t.match(sent, { waitingFor: null, waitingSince: null, attempts: 3, outcome: 'sent' });
    t.equal((await view(id))['objectId'], simulator.received({ outcome: 'recorded' })[0]?.objectId);
  });

  t.test('one that waits for others to end says so', async (t) => {
    const held = createHeldAnswers();
    const { accept, reaches, view, simulator } = await start(t, {
      env: { UPSTREAM_CONCURRENCY: '1' },
      simulator: { clock: held, next: [HELD] },
    });
    const first = await accept(sms('first'));
    await simulator.waitFor(1);
    const second = await accept(sms('second'));
    t.match(await view(first), { status: 'sending', waitingFor: null, outcome: null });
    t.match(await view(second), { status: 'queued', waitingFor: 'rate' });
    held.release();
    await reaches(second, 'sent');
  });

  t.test('what CommBox may have is unknown, and is not sent again by itself', async (t) => {
    const { accept, reaches, simulator, clock } = await start(t, { env: { UPSTREAM_TIMEOUT_MS: '300' } });
    const ends = [
      [{ status: 500 }, 'commbox_error', 500],
      [{ reset: 'before' }, 'commbox_error', null],
      [{ hang: true, record: false }, 'commbox_timeout', null],
    ] as const;
    for (const [next, code, upstreamStatus] of ends) {
      simulator.control({ next: [next] });
      const id = await accept(sms(code));
      const unknown = await reaches(id, 'unknown');
      t.match(unknown, { code, outcome: 'unknown', attemptLog: [{ outcome: 'unclear', upstreamStatus }] });
      clock.jump(600_000);
      t.match(await reaches(id, 'unknown'), { attempts: 1 });
    }
    t.equal(simulator.counts().calls, ends.length);
  });

  t.test('what CommBox refused has failed', async (t) => {
    const { accept, reaches, simulator } = await start(t);
    const ends = [
      [{ status: 400 }, 'commbox_rejected'],
      [{ status: 404 }, 'commbox_stream_not_found'],
      [{ status: 401 }, 'commbox_unauthorized'],
    ] as const;
    for (const [next, code] of ends) {
      simulator.control({ next: [next] });
      const failed = await reaches(await accept(sms(code)), 'failed');
      t.match(failed, { code, outcome: 'not_sent', attempts: 1, objectId: null, sentAt: null });
    }
  });

  t.test('a caller that accepts duplicates gets three attempts, 30 s apart, and never a failure', async (t) => {
    const { accept, reaches, view, simulator, clock } = await start(t);
    const cases = [
      [[{ status: 500 }, { status: 500 }], 'sent', 3],
      [[{ status: 500 }, { status: 500 }, { status: 500 }], 'unknown', 3],
      [[{ status: 500 }, { status: 400 }], 'unknown', 2],
    ] as const;
    for (const [next, end, attempts] of cases) {
      simulator.clear();
      simulator.control({ next: [...next] });
      const id = await accept(sms('twice if need be', { onUnknown: 'resend' }));
      for (let call = 1; call < attempts; call++) {
        await simulator.waitFor(call);
        t.match(await reaches(id, 'queued'), { attempts: call, waitingFor: 'schedule' });
        clock.jump(25_000);
        t.match(await view(id), { status: 'queued', attempts: call }, 'not before its time');
        clock.jump(5_000);
      }
      const ended = await reaches(id, end, 500);
      t.match(ended, { attempts, outcome: end });
      clock.jump(50_000);
      t.equal(simulator.counts().calls, attempts);
    }
  });

  t.test('once an attempt was unclear, a message that is canceled or expires is unknown', async (t) => {
    const { accept, reaches, post, simulator, clock } = await start(t);
    simulator.control({ next: [{ status: 500 }, { status: 500 }] });
    const expiresAt = new Date(clock.now() + 20_000).toISOString();
    const message = sms('x', { onUnknown: 'resend' });
    const [canceled, expired] = [await accept(message), await accept({ ...message, expiresAt })];
    await reaches(canceled, 'queued');
    await reaches(expired, 'queued');
    await simulator.waitFor(2);
    await reaches(expired, 'queued');
    let answer = await post(`/v1/messages/${canceled}/cancel`, '');
    while (answer.status === 409) answer = await post(`/v1/messages/${canceled}/cancel`, '');
    t.match(answer.json(), { status: 'unknown', outcome: 'unknown', code: 'commbox_error' });
    clock.jump(21_000);
    t.match(await reaches(expired, 'unknown'), { outcome: 'unknown', code: 'commbox_error' });
    t.equal(simulator.counts().calls, 2);
  });

  t.test('messages start in the order of their acceptance, over refusals and restarts', async (t) => {
    const env = { UPSTREAM_CONCURRENCY: '1' };
    const first = await start(t, { env });
    const { simulator: commbox } = first;
    commbox.control({ next: [{}, throttled(10), {}, throttled(10), {}, throttled(300)] });
    const texts = Array.from({ length: 12 }, (_, n) => `message ${n}`);
    const ids: string[] = [];
    for (const text of texts) ids.push(await first.accept(sms(text)));
    for (const refusals of [1, 2]) {
      await commbox.waitFor(refusals, 'throttled');
      await until(async () => (await first.view(ids[refusals] ?? ''))['waitingFor'] === 'paused');
      first.clock.jump(12_000);
    }
    await commbox.waitFor(3, 'throttled');
    await first.reaches(ids[3] ?? '', 'queued');
    await first.close();
    const second = await start(t, { env, commbox, storage: first.storage });
    // What was refused so often goes on slowly.
    await until(async () => {
      second.clock.jump(5_000);
      return (await second.view(ids.at(-1) ?? ''))['status'] === 'sent';
    });
    t.strictSame(textsAt(commbox, 'recorded'), texts);
  });
};
