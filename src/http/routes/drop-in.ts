import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Allowlist } from '../../access/allowlist.ts';
import type { Directory } from '../../access/directory.ts';
import { resolveLane } from '../../access/lane.ts';
import { resolveRawId } from '../../access/streams.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import { receiveMultipart } from '../../attachments/multipart.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import { type Lane, lanes } from '../../channels/channel.ts';
import { checkRawObject, rawRecipients, rawSendsToClient } from '../../channels/raw.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import type { Message, Payload } from '../../delivery/message.ts';
import type { Clock } from '../../kernel/clock.ts';
import { type GatewayError, invalidRequest, MAX_FAULTS } from '../../kernel/errors.ts';
import { callerOf } from '../auth.ts';
import { textOf } from '../body.ts';
import { placeOf } from '../draft.ts';
import { sendProblem, toGatewayError } from '../errors.ts';
import { deliver, failureOf, patienceOf, refuseIdempotencyKey } from '../sending.ts';

export interface DropInOptions {
  readonly directory: Directory;
  readonly allowlist: Allowlist;
  readonly delivery: Delivery;
  readonly spool: Spool;
  readonly limits: MultipartLimits;
  readonly clock: Clock;
  readonly syncWaitMs: number;
  readonly defaultTtlHours: number;
}

interface Received {
  readonly data: unknown;
  readonly pointer: string;
  readonly payload: Payload;
  readonly files: readonly SpooledFile[];
}

/**
 * CommBox's own endpoint, for services that already speak to CommBox: they change their base URL and their key. What
 * comes in is checked as far as CommBox documents it, and goes on as it came; so does CommBox's answer.
 */
export function addDropInRoute(app: FastifyInstance, options: DropInOptions): void {
  const { directory, allowlist, delivery, spool, limits, clock } = options;

  app.setErrorHandler((thrown, request, reply) => sendEnvelopeProblem(request, reply, toGatewayError(thrown), clock));

  app.post<{ Params: { streamId: string } }>('/streams/:streamId/objects', async (request, reply) => {
    refuseIdempotencyKey(request);
    const caller = callerOf(request);
    const stream = resolveRawId(directory, caller, request.params.streamId);
    const lane = resolveLane(caller, stream, laneOf(request));
    const patienceMs = patienceOf(request, options.syncWaitMs);
    const { data, pointer, payload, files } = await receive(request);
    try {
      const faults = checkRawObject(data, pointer);
      if (faults.length > 0) throw invalidRequest(faults.slice(0, MAX_FAULTS));
      allowlist.check(rawRecipients(data));
      const now = clock.now();
      const message = await deliver(request, reply, delivery, {
        ...placeOf(caller, stream, lane),
        payload,
        sendsToClient: rawSendsToClient(data),
        reference: null,
        sendAt: null,
        expiresAt: now + (stream.ttlHours ?? options.defaultTtlHours) * 3_600_000,
        onUnknown: 'hold',
        patienceEndsAt: now + patienceMs,
        requestId: request.id,
        traceparent: request.traceparent,
      });
      return answer(request, reply, message, clock);
    } finally {
      if (files.length > 0) await spool.remove(files);
    }
  });

  async function receive(request: FastifyRequest): Promise<Received> {
    if (!request.isMultipart()) {
      const envelope = parseObject(textOf(request.body), '');
      const body = request.body as Buffer;
      return { data: envelope['data'], pointer: '/data', payload: { kind: 'json', body }, files: [] };
    }
    const { data, files } = await receiveMultipart(request, { spool, limits, clock });
    try {
      return { data: parseObject(data, ''), pointer: '', payload: { kind: 'multipart', data, files }, files };
    } catch (error) {
      await spool.remove(files);
      throw error;
    }
  }
}

// Digits are not at stake here: what is parsed is only looked at, and the bytes go on.
function parseObject(text: string, pointer: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest([{ pointer, message: 'is not valid JSON' }]);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidRequest([{ pointer, message: 'must be a JSON object' }]);
}

function laneOf(request: FastifyRequest): Lane | undefined {
  const given = request.headers['gateway-lane'];
  if (given === undefined) return undefined;
  const lane = lanes.find((name) => name === given);
  if (lane !== undefined) return lane;
  throw invalidRequest([{ pointer: '', message: `the header Gateway-Lane must be one of: ${lanes.join(', ')}` }]);
}

function answer(request: FastifyRequest, reply: FastifyReply, message: Message, clock: Clock): FastifyReply {
  const { raw, failure } = message;
  if (raw === null || !isPassedOn(message)) {
    return sendEnvelopeProblem(request, reply, failureOf(message), clock);
  }
  if (failure !== null) request.context.error = failureOf(message);
  reply.code(raw.status).headers({
    'gateway-message-id': message.id,
    'gateway-outcome': failure?.outcome ?? 'sent',
  });
  if (raw.contentType !== undefined) reply.header('content-type', raw.contentType);
  return reply.send(raw.body);
}

/** CommBox's 2xx, 400, 404 and 5xx come back as they came. A 2xx whose envelope refuses the key is the gateway's matter. */
function isPassedOn({ raw, failure }: Message): boolean {
  if (raw === null || failure?.code === 'commbox_unauthorized') return false;
  const { status } = raw;
  return (status >= 200 && status < 300) || status === 400 || status === 404 || status >= 500;
}

function sendEnvelopeProblem(request: FastifyRequest, reply: FastifyReply, error: GatewayError, clock: Clock) {
  const { messageId } = error.options;
  if (messageId !== undefined) reply.header('gateway-message-id', messageId);
  reply.header('gateway-outcome', error.outcome ?? 'not_sent');
  const responseTime = new Date(clock.now()).toISOString();
  return sendProblem(request, reply, error, { description: error.message, response_time: responseTime });
}
