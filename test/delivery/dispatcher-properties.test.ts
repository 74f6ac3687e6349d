import fc from 'fast-check';
import t from 'tap';
import type { Lane } from '../../src/channels/channel.ts';
import { type AttemptResult, isFinal, type Message } from '../../src/delivery/message.ts';
import { createRig, refused, sent, throttled } from './dispatcher-rig.ts';

/** Whether its caller waits, with a key or without, or nobody does. */
const kinds = ['plain', 'keyed', 'stored'] as const;
const results = [sent, sent, sent, refused('commbox_rejected', 400), throttled(null), throttled(2_000)];
const flow = { lane: fc.constantFrom<Lane>('critical', 'normal', 'bulk'), caller: fc.constantFrom('shop', 'news') };
const arrival = fc.record({ do: fc.constant('arrive' as const), kind: fc.constantFrom(...kinds), ...flow });
const step = fc.oneof(
  { weight: 8, arbitrary: arrival },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('end' as const), n: fc.nat(), with: fc.constantFrom(...results) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 0, 10, 700, 5_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('holdStore' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('freeStore' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A dispatcher and what is known of its messages, judged after every step. */
function createTrial(concurrency: number) {
  const rig = createRig({ concurrency, random: () => 0.5 });
  const messages: { readonly id: string; readonly flow: string; readonly own: Message | null }[] = [];
  const canceled = new Set<string>();
  /** How the latest attempt of a message ended; null while it goes on. */
  const attempted = new Map<string, AttemptResult | null>();
  const faults: string[] = [];
  let judged = 0;
  let freeStore = () => {};

  const judge = () => {
    for (const { id } of rig.starts.slice(judged)) {
      const before = attempted.get(id);
      if (canceled.has(id)) faults.push(`${id} was canceled, and then attempted`);
      if (before !== undefined && before?.kind !== 'throttled') faults.push(`${id} again after ${before?.kind}`);
      const own = messages.findIndex((message) => message.id === id);
      const passed = messages
        .slice(0, own)
        .find((older) => older.flow === messages[own]?.flow && !attempted.has(older.id) && isWaiting(older));
      if (before === undefined && passed !== undefined) faults.push(`${id} overtook ${passed.id}`);
      attempted.set(id, null);
    }
    judged = rig.starts.length;
  };
  const isWaiting = ({ id, own }: (typeof messages)[number]) => !canceled.has(id) && (own === null || !isFinal(own));

  const end = (n: number, result: AttemptResult) => {
    const [attempt] = rig.open.splice(n % Math.max(1, rig.open.length), 1);
    if (attempt === undefined) return;
    attempted.set(attempt.message.id, result);
    attempt.end(result);
  };
  const cancel = (n: number) => {
    const message = messages[n % Math.max(1, messages.length)];
    if (message === undefined) return;
    const { id, own } = message;
    if (own === null ? rig.drop(id) : rig.dispatcher.cancel(own)) canceled.add(id);
  };
  const arrive = ({ kind, lane, caller }: Extract<Step, { do: 'arrive' }>) => {
    const own = kind === 'stored' ? null : rig[kind === 'plain' ? 'submit' : 'submitKeyed']({ lane, caller });
    const id = own === null ? rig.store({ lane, caller }) : own.id;
    messages.push({ id, own, flow: `${lane} ${caller}` });
  };

  return {
    faults,
    async run(one: Step) {
      judge();
      if (one.do === 'arrive') arrive(one);
      else if (one.do === 'end') end(one.n, one.with);
      else if (one.do === 'cancel') cancel(one.n);
      else if (one.do === 'holdStore') {
        freeStore();
        freeStore = rig.holdStore();
      } else if (one.do === 'freeStore') freeStore();
      // What the dispatcher does at once is judged with what was known then. Arrivals and cancels come in bursts.
      judge();
      if (one.do === 'pass' || one.do === 'end') await rig.clock.advance(one.do === 'pass' ? one.ms : 0);
    },
    /** CommBox takes everything from now on. */
    async drain() {
      judge();
      freeStore();
      const hasEnded = ({ id }: { id: string }) => rig.settled.some((line) => line.startsWith(`${id} `));
      const left = () => messages.filter((message) => !hasEnded(message) && !canceled.has(message.id));
      for (let round = 0; round < 300 && left().length > 0; round++) {
        while (rig.open.length > 0) end(0, sent);
        await rig.clock.advance(2_000);
        judge();
      }
      for (const { id } of left()) faults.push(`${id} was lost`);
      if (new Set(rig.settled).size < rig.settled.length) faults.push('one ended twice');
    },
  };
}

t.test('whatever comes, is canceled or refused: in order, once each, and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 80, size: 'max' }),
      async (concurrency, steps) => {
        const trial = createTrial(concurrency);
        for (const one of steps) await trial.run(one);
        await trial.drain();
        if (trial.faults.length > 0) throw new Error(trial.faults.join(', '));
      },
    ),
    { numRuns: 250 },
  );
});
