import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { spoolInline } from '../../attachments/base64.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import { receiveMultipart } from '../../attachments/multipart.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import type { ChannelName } from '../../channels/channel.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import type { Message } from '../../delivery/message.ts';
import type { Clock } from '../../kernel/clock.ts';
import { parseExact } from '../../kernel/exact-json.ts';
import { callerOf } from '../auth.ts';
import { textOf } from '../body.ts';
import type { DraftReader } from '../draft.ts';
import { deliver, failureOf, jsonPayload, multipartPayload, patienceOf, refuseIdempotencyKey } from '../sending.ts';

export interface ChannelRouteOptions {
  readonly readDraft: DraftReader;
  readonly delivery: Delivery;
  readonly spool: Spool;
  readonly limits: MultipartLimits;
  readonly clock: Clock;
  readonly syncWaitMs: number;
}

/** `POST /v1/{channel}` and its preview, for one channel. Needs an authenticated scope with JSON bodies. */
export function addChannelRoutes(app: FastifyInstance, channel: ChannelName, options: ChannelRouteOptions): void {
  const { readDraft, delivery, spool, limits, clock, syncWaitMs } = options;

  app.post(`/v1/${channel}`, async (request, reply) => {
    refuseIdempotencyKey(request);
    const patienceMs = patienceOf(request, syncWaitMs);
    const { text, uploaded } = await receive(request);
    let files = uploaded;
    try {
      const { draft, mapped, attachments } = readDraft(callerOf(request), channel, parseExact(text), patienceMs);
      if (attachments.length > 0) files = [...uploaded, ...(await spoolInline(spool, attachments, limits))];
      const payload =
        files.length === 0 ? jsonPayload(mapped.object) : multipartPayload(JSON.stringify(mapped.object), files);
      const { id, traceparent } = request;
      return answer(reply, await deliver(request, reply, delivery, { ...draft, payload, requestId: id, traceparent }));
    } finally {
      if (files.length > 0) await spool.remove(files);
    }
  });

  app.post(`/v1/${channel}/preview`, async (request, reply) => {
    const { text, uploaded } = await receive(request);
    await spool.remove(uploaded);
    const patienceMs = patienceOf(request, syncWaitMs);
    const { mapped, attachments } = readDraft(callerOf(request), channel, parseExact(text), patienceMs);
    await spool.remove(await spoolInline(spool, attachments, limits));
    // Stringified here: the object may hold exact numbers, which Fastify's serializer must not touch.
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(mapped.object));
  });

  async function receive(request: FastifyRequest): Promise<{ text: string; uploaded: readonly SpooledFile[] }> {
    if (channel !== 'email' || !request.isMultipart()) return { text: textOf(request.body), uploaded: [] };
    const { data, files } = await receiveMultipart(request, { spool, limits, clock });
    return { text: data, uploaded: files };
  }
}

function answer(reply: FastifyReply, message: Message): FastifyReply {
  if (message.state !== 'sent') throw failureOf(message);
  const { id, channel, stream, streamId, objectId, attempts } = message;
  return reply
    .code(201)
    .header('location', `/v1/messages/${id}`)
    .send({
      id,
      status: 'sent',
      channel,
      stream,
      streamId,
      objectId,
      attempts,
      createdAt: new Date(message.createdAt).toISOString(),
      sentAt: message.sentAt === null ? null : new Date(message.sentAt).toISOString(),
    });
}
