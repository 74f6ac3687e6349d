import { setImmediate as turnEnds } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import t from 'tap';
import { writeAnswers } from '../../src/http/answering.ts';

type Handle = (request: FastifyRequest, reply: FastifyReply) => void;

/** The handlers of a scope, as Fastify would call them; what they answer is told by the name of their request. */
function createRig() {
  const events: string[] = [];
  let onRoute = (_: RouteOptions) => {};
  const addHook = (_name: string, hook: typeof onRoute) => {
    onRoute = hook;
  };
  writeAnswers({ addHook } as unknown as FastifyInstance);
  const outbox = { post: ({ answer }: { answer: string }) => events.push(`answered ${answer}`) };
  const reply = { send: (error: Error) => events.push(`failed ${error.message}`) } as unknown as FastifyReply;
  /** A request arrives, whole or not. */
  const arrive = (name: string, handler: () => unknown, complete = true) => {
    const route = { handler } as unknown as RouteOptions;
    onRoute(route);
    const request = { raw: { complete }, server: { outbox } } as unknown as FastifyRequest;
    (route.handler as unknown as Handle)(request, reply);
    events.push(`${name} arrived`);
  };
  return { events, arrive };
}

t.test('the whole requests of a turn are handled together, and one that fails at once keeps no other', async (t) => {
  const { events, arrive } = createRig();
  arrive('one', () => {
    throw new Error('one');
  });
  arrive('two', () => 'two');
  arrive('three', async () => 'three');
  arrive('four', async () => {
    throw new Error('four');
  });
  t.strictSame(events.splice(0), ['one arrived', 'two arrived', 'three arrived', 'four arrived']);
  await turnEnds();
  t.strictSame(events, ['failed one', 'answered two', 'answered three', 'failed four']);
});

t.test('a request whose body still comes in is handled at once', async (t) => {
  const { events, arrive } = createRig();
  arrive('one', () => 'one', false);
  t.strictSame(events, ['answered one', 'one arrived']);
});
