import { setImmediate as turnEnds } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import t from 'tap';
import { createOutbox, type Outbox } from '../../src/http/outbox.ts';

type Letter = Parameters<Outbox['post']>[0];

function createRig() {
  const events: unknown[] = [];
  /** @param broken what the first try of sending throws */
  const letter = (body: string, broken: Error | null = null): Letter => {
    let error = broken;
    const send = (payload: unknown) => {
      const thrown = error;
      error = null;
      if (thrown !== null) throw thrown;
      events.push(payload);
    };
    const reply = { code: () => reply, headers: () => reply, send };
    const context = { error: null, onAnswered: () => events.push(`${body} told`) };
    return {
      request: { context } as unknown as FastifyRequest,
      reply: reply as unknown as FastifyReply,
      answer: { status: 200, headers: {}, body, error: null },
    };
  };
  return { events, letter };
}

t.test('the answers of one turn leave together, in order, when all of them are there', async (t) => {
  const { events, letter } = createRig();
  const outbox = createOutbox();
  outbox.post(letter('one'));
  outbox.post(letter('two'));
  await Promise.resolve();
  t.strictSame(events, []);
  await turnEnds();
  t.strictSame(events, ['one', 'one told', 'two', 'two told']);

  outbox.post(letter('three'));
  await turnEnds();
  t.strictSame(events.slice(4), ['three', 'three told']);
});

t.test('an answer that cannot be written becomes an error, and keeps nobody else from being answered', async (t) => {
  const { events, letter } = createRig();
  const outbox = createOutbox();
  const broken = new Error('no such header');
  outbox.post(letter('one', broken));
  outbox.post(letter('two'));
  await turnEnds();
  t.strictSame(events, [broken, 'one told', 'two', 'two told']);
});
