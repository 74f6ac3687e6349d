import { createHeldAnswers, HELD } from '../../support/held-answers.ts';
import { type Suite, sms, textsAt, until } from './stage.ts';

/** Plain messages that take long, and so are in the store before they have ended. */
export const plain: Suite = (t, start) => {
  t.test('a plain message that takes long is listed while it waits and while it is sent, and ends once', async (t) => {
    const held = createHeldAnswers();
    const { post, get, clock, simulator } = await start(t, {
      env: { UPSTREAM_CONCURRENCY: '1' },
      simulator: { clock: held, next: [HELD, HELD] },
    });
    const listed = async () => {
      const { messages } = (await get('/v1/messages')).json() as { messages: { status: string; attempts: number }[] };
      return messages.map(({ status, attempts }) => `${status} ${attempts}`);
    };
    const becomes = (rows: string) =>
      until(async () => {
        clock.jump(250);
        return (await listed()).join() === rows;
      });
    const first = post('/v1/sms', sms('first'), { prefer: 'wait=60' });
    await simulator.waitFor(1);
    const second = post('/v1/sms', sms('second'), { prefer: 'wait=60' });
    await becomes('queued 0,sending 0');
    held.release();
    t.equal((await first).status, 201);
    await simulator.waitFor(2);
    t.strictSame(await listed(), ['sending 0', 'sent 1'], 'the start is on disk before CommBox sees the call');
    held.release();
    t.equal((await second).status, 201);
    t.strictSame(await listed(), ['sent 1', 'sent 1']);
    t.strictSame(textsAt(simulator), ['first', 'second']);
  });

  t.test('one bulk cancel takes back a plain message that waits', async (t) => {
    const held = createHeldAnswers();
    const { post, get, clock, simulator } = await start(t, {
      env: { UPSTREAM_CONCURRENCY: '1' },
      simulator: { clock: held, next: [HELD] },
    });
    const first = post('/v1/sms', sms('first'), { prefer: 'wait=60' });
    await simulator.waitFor(1);
    const second = post('/v1/sms', sms('second', { reference: 'r' }), { prefer: 'wait=60' });
    await until(async () => {
      clock.jump(250);
      return (await get('/v1/messages?reference=r')).text.includes('queued');
    });
    t.strictSame((await post('/v1/messages/cancel', { reference: 'r' })).json(), { canceled: 1 });
    t.equal((await second).status, 409);
    held.release();
    t.equal((await first).status, 201);
    t.match((await get('/v1/messages?reference=r')).json(), { messages: [{ status: 'canceled' }] });
    t.strictSame(textsAt(simulator), ['first']);
  });

  t.test('a death in mid-send of a plain message leaves it unknown, and it is not sent again', async (t) => {
    const first = await start(t);
    const { simulator: commbox } = first;
    commbox.control({ next: [{ hang: true, record: false }] });
    first.post('/v1/sms', sms('plain', { reference: 'r' })).catch(() => {});
    await commbox.waitFor(1);
    await until(async () => {
      first.clock.jump(250);
      return (await first.get('/v1/messages?reference=r')).text.includes('sending');
    });
    first.clock.halt();
    const second = await start(t, { storage: await first.storage.afterCrash(), commbox });
    await until(async () => (await second.get('/v1/messages?reference=r')).text.includes('"unknown"'));
    t.equal(commbox.counts().calls, 1);
  });
};
