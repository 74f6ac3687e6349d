import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { type Suite, sms, textsAt } from './stage.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const iso = (ms: number) => new Date(ms).toISOString();
const ms = (time: unknown) => Date.parse(String(time));

/** When a message is sent, and when it is not any more. */
export const schedule: Suite = (t, start) => {
  t.test('a message is not sent before its time, and then by itself', async (t) => {
    const { post, clock, simulator, view, reaches } = await start(t);
    const sendAt = iso(clock.now() + HOUR_MS);
    const answer = await post('/v1/sms', sms('later', { sendAt }));
    t.match(answer, { status: 202, headers: { 'preference-applied': undefined } });
    t.match(answer.json(), { status: 'queued', estimatedStart: sendAt });
    const id = String(answer.json()['id']);
    t.match(await view(id), { status: 'queued', waitingFor: 'schedule', sendAt, outcome: null });
    clock.jump(HOUR_MS - 30_000);
    t.match(await view(id, { prefer: 'wait=1' }), { status: 'queued', attempts: 0 });
    clock.jump(30_000);
    await reaches(id, 'sent', 100);
    t.strictSame(textsAt(simulator), ['later']);
  });

  t.test('a time within the patience is waited for, one in the past is now', async (t) => {
    const { post, clock, view } = await start(t);
    const sendAt = iso(clock.now() + 700);
    const soon = await post('/v1/sms', sms('soon', { sendAt }));
    t.equal(soon.status, 201);
    t.ok(ms(soon.json()['sentAt']) >= ms(sendAt));
    const past = await post('/v1/sms', sms('past', { sendAt: iso(clock.now() - DAY_MS) }));
    t.equal(past.status, 201);
    t.match(await view(String(past.json()['id'])), { sendAt: null });
  });

  t.test('times that cannot be are refused', async (t) => {
    const { post, clock } = await start(t);
    const now = clock.now();
    const wrong = [
      [{ sendAt: iso(now + 30 * DAY_MS + 60_000) }, '/sendAt'],
      [{ sendAt: 'tomorrow' }, '/sendAt'],
      [{ expiresAt: iso(now) }, '/expiresAt'],
      [{ expiresAt: iso(now - HOUR_MS) }, '/expiresAt'],
      [{ sendAt: iso(now + DAY_MS), expiresAt: iso(now + DAY_MS) }, '/expiresAt'],
    ] as const;
    for (const [times, pointer] of wrong) {
      const answer = await post('/v1/sms', { ...least.sms, ...times }, { prefer: 'respond-async' });
      expectProblem(t, answer, { code: 'invalid_request', pointers: [pointer] });
    }
    const furthest = await post('/v1/sms', { ...least.sms, sendAt: iso(now + 30 * DAY_MS) });
    t.equal(furthest.status, 202);
  });

  t.test('a message lives as long as it says, its stream says, or the gateway says', async (t) => {
    const yaml = 'streams:\n  alerts: { channel: sms, id: "600", ttlHours: 1, lane: critical }\n';
    const { accept, view, clock } = await start(t, { yaml, env: { MESSAGE_TTL_HOURS: '3' } });
    const sendAt = iso(clock.now() + DAY_MS);
    const lifeOf = async (message: object) => {
      const { createdAt, sendAt: from, expiresAt } = await view(await accept(message));
      return ms(expiresAt) - ms(from ?? createdAt);
    };
    t.equal(await lifeOf(sms('a', { sendAt })), 3 * HOUR_MS);
    t.equal(await lifeOf(sms('b', { sendAt, stream: 'alerts' })), HOUR_MS);
    t.equal(await lifeOf(sms('c', { sendAt, stream: 'alerts', expiresAt: iso(ms(sendAt) + 5_000) })), 5_000);
    t.ok(Math.abs((await lifeOf(least.sms)) - 3 * HOUR_MS) < 1_000);
    const dropIn = async (id: string) => {
      const accepted = await accept({ data: { Message: 'x' } }, {}, `/streams/${id}/objects`);
      const { createdAt, expiresAt } = await view(accepted);
      return Math.round((ms(expiresAt) - ms(createdAt)) / 1_000) * 1_000;
    };
    t.equal(await dropIn('600'), HOUR_MS, 'at the drop-in door too');
    t.equal(await dropIn('601'), 3 * HOUR_MS);
    t.match(await view(await accept(sms('d', { sendAt, stream: 'alerts' }))), { lane: 'critical', stream: 'alerts' });
    t.match(await view(await accept(sms('e', { sendAt, lane: 'bulk' }))), { lane: 'bulk' });
  });

  t.test('what expired while it waited is never sent', async (t) => {
    const { accept, reaches, clock, simulator, view } = await start(t);
    simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '120' } }] });
    const lasting = await accept(sms('lasting'));
    await simulator.waitFor(1);
    const brief = await accept(sms('brief', { expiresAt: iso(clock.now() + 60_000) }));
    t.match(await view(brief), { status: 'queued', waitingFor: 'paused' });
    clock.jump(61_000);
    const expired = await reaches(brief, 'expired', 100);
    t.match(expired, { code: 'commbox_throttled', outcome: 'not_sent', attempts: 0, objectId: null, waitingFor: null });
    clock.jump(80_000);
    await reaches(lasting, 'sent', 100);
    t.strictSame(textsAt(simulator, 'recorded'), ['lasting']);
  });

  t.test('what expired in the store shows what kept it from being sent', async (t) => {
    const { accept, reaches, clock, post } = await start(t);
    await post('/v1/pacing/default/pause', '');
    const stopped = await accept(sms('stopped', { expiresAt: iso(clock.now() + 60_000) }));
    const expired = { outcome: 'not_sent', attempts: 0 };
    t.match(await reaches(stopped, 'expired', 1_000), { ...expired, code: 'overloaded' });
  });

  t.test('a repeat after the expiry gets the first answer, not a refusal', async (t) => {
    const { post, clock, simulator } = await start(t);
    const message = sms('brief', { expiresAt: iso(clock.now() + 60_000) });
    const key = { 'idempotency-key': 'k' };
    const first = await post('/v1/sms', message, key);
    const item = { channel: 'sms', idempotencyKey: 'item', ...message };
    const batch = await post('/v1/messages', { messages: [item] });
    await simulator.waitFor(2, 'recorded');
    clock.jump(90_000);
    const again = await post('/v1/sms', message, key);
    t.match(again, { status: 201, text: first.text, headers: { 'idempotency-replayed': 'true' } });
    const [id] = idsOf(batch.json());
    t.strictSame(idsOf((await post('/v1/messages', { messages: [item] })).json()), [id]);
    const other = await post('/v1/sms', { ...message, text: '' }, key);
    t.equal(other.status, 422, 'a mismatch is what is said first');
    t.equal(simulator.counts().calls, 2);
  });
};

const idsOf = (body: Record<string, unknown>) => (body['results'] as { id?: string }[]).map(({ id }) => id);
