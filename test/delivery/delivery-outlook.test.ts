import t from 'tap';
import type { FlowBacklog } from '../../src/store/flows.ts';
import { asyncDraft, createDeliveryRig } from './delivery-rig.ts';

t.test('a stored message knows how many of its caller and lane were there first', async (t) => {
  const { delivery } = createDeliveryRig();
  const accepted = await delivery.accept(asyncDraft(), null);
  t.match(accepted, { submission: { message: { ahead: 3 } } });
  t.match(await delivery.accept(asyncDraft(), null), { submission: { message: { ahead: 4 } } });
});

t.test('one that is for later waits without anybody being woken for it', async (t) => {
  const { delivery, events } = createDeliveryRig();
  await delivery.accept(asyncDraft({ sendAt: Date.UTC(2027, 0, 1) }), null);
  t.strictSame(events, ['insert']);
});

t.test('each account hears what the store counts for it, and for it alone', async (t) => {
  const flow = { lane: 'normal', caller: 'shop', queued: 5, due: 5, firstDueAt: 0 } as const;
  const mine = { ...flow, account: 'default' };
  const { delivery, counted } = createDeliveryRig({ backlog: async () => [mine, { ...flow, account: 'brand-b' }] });
  await delivery.recount();
  t.strictSame(counted, [[mine]]);
});

t.test('what comes while the store counts is not in its count', async (t) => {
  const asked = Promise.withResolvers<FlowBacklog[]>();
  const { delivery, events } = createDeliveryRig({ backlog: () => asked.promise });
  const counting = delivery.recount();
  await delivery.accept(asyncDraft(), null);
  asked.resolve([]);
  await counting;
  t.equal(events.at(-1), 'counted 3', 'as many changes as before the question');
});

t.test('an account that is not there has nothing to foresee, and is woken for nothing', async (t) => {
  const { delivery, events } = createDeliveryRig();
  const flow = { account: 'gone', lane: 'normal', caller: 'shop' } as const;
  t.equal(delivery.prospect({ ...flow, readyAt: 0 }, null), null);
  delivery.wake([flow, { ...flow, account: 'default' }]);
  t.strictSame(events, ['wake shop']);
});
