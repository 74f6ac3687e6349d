import t from 'tap';
import { type Claim, createQueueLimit } from '../../src/delivery/queue-limit.ts';
import { GatewayError } from '../../src/kernel/errors.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { asyncDraft } from './delivery-rig.ts';

function createQueue({ queueLimit }: { readonly queueLimit: number }) {
  const clock = createManualClock();
  const stored = { waiting: 0, asked: 0, failure: null as Error | null };
  const store = {
    async queuedCount() {
      stored.asked++;
      if (stored.failure !== null) throw stored.failure;
      return stored.waiting;
    },
  };
  const limit = createQueueLimit({ store, clock, queueLimit });
  /** How many of so many messages, one after the other, find room and are stored. */
  const accept = async (messages: number): Promise<number> => {
    for (let accepted = 0; accepted < messages; accepted++) {
      const claim = await limit.claim([asyncDraft()]);
      if (claim instanceof GatewayError) return accepted;
      stored.waiting++;
      claim.over();
    }
    return messages;
  };
  return { clock, stored, limit, accept };
}

t.test('exactly as many as the limit says are accepted, however fast they come', async (t) => {
  for (const queueLimit of [1, 3, 10, 1_000]) {
    const { accept } = createQueue({ queueLimit });
    t.equal(await accept(queueLimit + 5), queueLimit, `${queueLimit}`);
  }
});

t.test('as soon as there is room again, it is given', async (t) => {
  const { stored, accept } = createQueue({ queueLimit: 100 });
  await accept(101);
  stored.waiting = 60;
  t.equal(await accept(50), 40);
});

t.test('what others store is noticed within a quarter of a second', async (t) => {
  const { clock, stored, accept } = createQueue({ queueLimit: 100 });
  await accept(1);
  stored.waiting = 100;
  await clock.advance(250);
  t.equal(await accept(1), 0);
});

t.test('a queue far from full is not counted for every message', async (t) => {
  const { clock, stored, accept } = createQueue({ queueLimit: 1_000 });
  await accept(500);
  t.equal(stored.asked, 1);
  await clock.advance(250);
  await accept(100);
  t.equal(stored.asked, 2);
});

t.test('messages that are being stored while it is counted have their place', async (t) => {
  const { stored, limit } = createQueue({ queueLimit: 4 });
  const claims = await Promise.all(Array.from({ length: 6 }, () => limit.claim([asyncDraft()])));
  t.equal(claims.filter((claim) => !(claim instanceof GatewayError)).length, 4);
  stored.waiting = 4;
  t.match(await limit.claim([asyncDraft()]), { code: 'overloaded' });
});

t.test('a message that takes long to be stored keeps its place through every count', async (t) => {
  const { clock, stored, limit, accept } = createQueue({ queueLimit: 4 });
  const slow = (await limit.claim([asyncDraft(), asyncDraft()])) as Claim;
  for (let count = 0; count < 3; count++) {
    await clock.advance(250);
    t.equal(await accept(5), count === 0 ? 2 : 0);
  }
  stored.waiting += 2;
  slow.over();
  t.equal(await accept(1), 0, 'and once it is stored there is room for no other');
  stored.waiting = 0;
  t.equal(await accept(5), 4);
});

t.test('what could not be stored gives its place back', async (t) => {
  const { limit, accept } = createQueue({ queueLimit: 4 });
  const failed = (await limit.claim([asyncDraft(), asyncDraft()])) as Claim;
  failed.over();
  t.equal(await accept(5), 4);
});

t.test('many that come at once, again and again, use no more room than they need', async (t) => {
  const { clock, stored, limit, accept } = createQueue({ queueLimit: 10_000 });
  const messages = 50;
  const rounds = 100;
  for (let round = 0; round < rounds; round++) {
    await clock.advance(250);
    const claims = await Promise.all(Array.from({ length: messages }, () => limit.claim([asyncDraft()])));
    const accepted = claims.filter((claim): claim is Claim => !(claim instanceof GatewayError));
    if (accepted.length < messages) t.fail(`round ${round}: ${accepted.length} of ${messages}`);
    stored.waiting += accepted.length;
    for (const claim of accepted) claim.over();
  }
  t.equal(stored.waiting, messages * rounds);
  t.equal(stored.asked, rounds, 'and are counted together');
  t.equal(await accept(10_000), 5_000, 'nor less');
});

t.test('a count that fails is told to all who waited for it, and changes nothing', async (t) => {
  const { clock, stored, limit, accept } = createQueue({ queueLimit: 4 });
  await accept(2);
  await clock.advance(250);
  stored.failure = new Error('no database');
  const claims = await Promise.allSettled([limit.claim([asyncDraft()]), limit.claim([asyncDraft()])]);
  t.strictSame(
    claims.map((claim) => claim.status === 'rejected' && claim.reason),
    [stored.failure, stored.failure],
  );
  stored.failure = null;
  t.equal(await accept(5), 2);
});
