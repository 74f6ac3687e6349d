import { hash, randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { pino } from 'pino';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type Dispatcher, Pool } from 'undici';
import { GATEWAY_KEY, STREAM_ID } from '../payloads.ts';
import { readSettings } from './settings.ts';

// The least that does what the gateway's full path is measured with: key, caller's limit, strict validation, mapping,
// envelope, answer with an id, one log line; answers of one turn of the event loop leave together. Nothing is exact,
// nothing is stored, nothing is paced, nothing is counted.
const { port, upstream, authorization } = readSettings(process.env);
const pool = new Pool(upstream, { connections: 50, headersTimeout: 0, bodyTimeout: 0 });
const log = pino({ base: null }, pino.destination({ fd: 1, minLength: 8_192, sync: true }));
const callers = new Map([[hash('sha256', GATEWAY_KEY), 'bench']]);
const path = `/streams/${STREAM_ID}/objects`;
const headers = ['authorization', authorization, 'accept', 'application/json', 'content-type', 'application/json'];

const text = Type.String({ minLength: 1, maxLength: 255 });
const strict = { additionalProperties: false } as const;
const customer = Type.Object(
  { id: text, firstName: text, lastName: text, phone: text, email: text, remarks: text },
  strict,
);
const request = Compile(
  Type.Object(
    { to: text, text: Type.String(), managerId: Type.Integer(), reference: Type.Optional(text), customer },
    strict,
  ),
);

function objectOf({ to, text, managerId, customer }: ReturnType<typeof request.Parse>): object {
  const phone = to.replace(/\D/g, '');
  return {
    Type: 4,
    StatusId: 1,
    StreamProviderType: 5,
    StreamProviderId: phone,
    UserStreamProviderId: phone,
    UserStreamProviderType: 5,
    ManagerId: managerId,
    Message: text,
    User: {
      UniqueId: customer.id,
      FirstName: customer.firstName,
      LastName: customer.lastName,
      Phone1: customer.phone.replace(/\D/g, ''),
      Email: customer.email,
      Remarks: customer.remarks,
    },
  };
}

/** The `data.id` of CommBox's envelope. @throws if the answer is anything else but a success. */
function send(object: object): Promise<string> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const chunks: Buffer[] = [];
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_, code) {
        status = code;
      },
      onResponseData: (_, chunk) => chunks.push(chunk),
      onResponseEnd() {
        const envelope = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        if (status === 200 && envelope.status === 200) resolve(String(envelope.data.id));
        else reject(new Error(`CommBox answered ${status}`));
      },
      onResponseError: (_, error) => reject(error),
    };
    pool.dispatch({ path, method: 'POST', headers, body: JSON.stringify({ data: object }) }, handler);
  });
}

let turn: Promise<void> | null = null;

/** One write wakes the reader of all that follow it at once; alone, each pays for that. */
function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = null;
      resolve();
    });
  });
  return turn;
}

const app = Fastify({ logger: false });
await app.register(rateLimit, {
  max: 10_000_000,
  timeWindow: 60_000,
  enableDraftSpec: true,
  keyGenerator: ({ headers }) => callers.get(hash('sha256', headers.authorization?.slice(7) ?? '')) ?? 'nobody',
});
app.post('/v1/sms', async (incoming, reply) => {
  if (!request.Check(incoming.body)) return reply.code(400).send({ code: 'invalid_request' });
  const objectId = await send(objectOf(incoming.body));
  await endOfTurn();
  const id = randomUUID();
  log.info({ requestId: incoming.id, id, status: 201, durationMs: reply.elapsedTime, caller: 'bench' }, 'request');
  reply.code(201).header('location', `/v1/messages/${id}`);
  return { id, status: 'sent', channel: 'sms', streamId: STREAM_ID, objectId, attempts: 1 };
});
await app.listen({ port, host: '127.0.0.1' });
