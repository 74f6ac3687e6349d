import type { FastifyReply, FastifyRequest } from 'fastify';
import t from 'tap';
import type { Delivery, Submission } from '../../src/delivery/delivery.ts';
import { type Draft, type Message, moveTo } from '../../src/delivery/message.ts';
import { channelAnswer } from '../../src/http/answer.ts';
import { createRepeats } from '../../src/http/repeats.ts';
import { createSender, type SendRequest } from '../../src/http/sending.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { asyncDraft, draft } from '../delivery/delivery-rig.ts';
import { createFakeStore } from '../delivery/fake-store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';

const key = { scope: 's', fingerprint: 'f' };
const down = async () => {
  throw new StorageUnavailable('down');
};

/** A sender whose store is out of reach as soon as the message is accepted, or found by its key. */
function createRig(message: Message, methods: Partial<Store> = { get: down }) {
  const clock = createManualClock();
  const taken: string[] = [];
  const submission: Submission = { message, settled: Promise.resolve(message), withdraw: () => {} };
  let accepted: Awaited<ReturnType<Delivery['accept']>> = { kind: 'accepted', submission };
  const isGone: (boolean | undefined)[] = [];
  const delivery: Partial<Delivery> = {
    accept: async () => accepted,
    submit(_, gone) {
      isGone.push(gone);
      return submission;
    },
    prospect: () => null,
  };
  const made = {
    clock,
    delivery: delivery as Delivery,
    store: createFakeStore(methods),
    watch: { wait: async () => null, ended: () => {}, stop: () => {} },
  };
  const send = createSender({ ...made, repeats: createRepeats({ ...made, syncWaitMs: 10_000 }) });
  const context: Record<string, unknown> = {};
  const reply = { raw: { closed: false, once: () => {} }, request: { context } };
  return {
    taken,
    isGone,
    reply,
    isKnown() {
      accepted = { kind: 'taken', record: { fingerprint: 'f', messageId: message.id, answer: null } };
    },
    send: (request: Partial<SendRequest>) =>
      send({ context } as unknown as FastifyRequest, reply as unknown as FastifyReply, {
        draft: asyncDraft(),
        key: null,
        preferences: { respondAsync: true, waitMs: 5_000 },
        render: channelAnswer,
        taken: () => void taken.push(message.id),
        ...request,
      }),
  };
}

const accepted = (members: Partial<Draft> = {}): Message =>
  Object.assign(queuedMessage(1, { mode: 'async', ...members }), { ahead: 3 });

t.test('an accepted message is called accepted, though the store goes away during the wait', async (t) => {
  const message = accepted();
  const { send, taken } = createRig(message);
  const answer = await send({});
  t.match(answer, { status: 202, headers: { location: `/v1/messages/${message.id}` }, error: null });
  t.match(JSON.parse(String(answer.body)), { id: message.id, status: 'queued', position: 3 });
  t.strictSame(taken, [message.id]);
});

t.test('so is one that a repeat waits for; where that needs the end, it is told to come back', async (t) => {
  for (const mode of ['async', 'sync'] as const) {
    const message = accepted({ mode });
    const rows = [{ ...message, ahead: undefined }];
    const get = async () => rows.shift() ?? down();
    const { send, isKnown, taken } = createRig(message, { get: get as unknown as Store['get'], position: down });
    isKnown();
    if (mode === 'async') {
      const { status, body } = await send({ key });
      t.equal(status, 202);
      t.match(JSON.parse(String(body)), { id: message.id, status: 'queued', position: null });
    } else {
      const repeat = send({ key, draft: draft(), preferences: { respondAsync: false, waitMs: null } });
      await t.rejects(repeat, { code: 'idempotency_in_flight', options: { messageId: message.id } });
    }
    t.strictSame(taken, [], 'its own files are not needed');
  }
});

t.test('an error after a message was taken names it, leaves it its files, and promises nothing', async (t) => {
  const render = () => {
    throw new StorageUnavailable('a bug');
  };
  const sent = accepted({ mode: 'sync' });
  moveTo(sent, 'sending');
  moveTo(sent, 'sent');
  for (const claim of [null, key]) {
    const { send, taken } = createRig(sent);
    const error = { code: 'internal_error', outcome: 'unknown', options: { messageId: sent.id } };
    await t.rejects(send({ draft: draft(), key: claim, render }), error);
    t.strictSame(taken, [sent.id]);
  }
});

t.test('a caller who has gone before the message is there is told to the delivery', async (t) => {
  const sent = accepted({ mode: 'sync' });
  moveTo(sent, 'sending');
  moveTo(sent, 'sent');
  const { send, reply, isGone } = createRig(sent);
  await send({ draft: draft() });
  reply.raw.closed = true;
  await send({ draft: draft() });
  t.strictSame(isGone, [false, true]);
});
