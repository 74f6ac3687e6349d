import type { FastifyInstance, FastifyRequest } from 'fastify';
import { spoolInline } from '../../attachments/base64.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import { receiveMultipart } from '../../attachments/multipart.ts';
import type { Spool } from '../../attachments/spool.ts';
import type { ChannelName } from '../../channels/channel.ts';
import type { Fingerprinter } from '../../delivery/fingerprint.ts';
import { jsonPayload } from '../../delivery/payload.ts';
import type { Clock } from '../../kernel/clock.ts';
import { parseExact } from '../../kernel/exact-json.ts';
import { channelAnswer, jsonAnswer } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { textOf, withoutMark } from '../body.ts';
import type { ChannelDraft, DraftReader } from '../draft.ts';
import { type HeldFiles, holdFiles } from '../held-files.ts';
import { claimOf } from '../keyed.ts';
import { parsePrefer } from '../prefer.ts';
import type { Repeats } from '../repeats.ts';
import type { Sender } from '../sending.ts';

export interface ChannelRouteOptions {
  readonly readDraft: DraftReader;
  readonly send: Sender;
  readonly repeats: Repeats;
  readonly fingerprinter: Fingerprinter;
  readonly spool: Spool;
  readonly limits: MultipartLimits;
  readonly clock: Clock;
}

interface Received {
  readonly text: string;
  readonly held: HeldFiles;
}

/** `POST /v1/{channel}` and its preview, for one channel. Needs an authenticated scope with JSON bodies. */
export function addChannelRoutes(app: FastifyInstance, channel: ChannelName, options: ChannelRouteOptions): void {
  const { readDraft, spool, limits, clock } = options;
  const route = `/v1/${channel}`;

  app.post(route, async (request, reply) => {
    const preferences = parsePrefer(request.headers.prefer);
    const { text, held } = isMultipart(request) ? await receive(request) : fromBody(request);
    const { files } = held;
    try {
      const body = parseExact(text);
      const key = claimOf(request, options.fingerprinter, { route, jsonText: text, files });
      let read: ChannelDraft;
      try {
        read = readDraft(callerOf(request), channel, body, preferences);
        const { attachments } = read.mapped;
        if (attachments.length > 0) files.push(...(await spoolInline(spool, attachments, limits, files)));
      } catch (error) {
        const again = await options.repeats.find(reply, { key, preferences, render: channelAnswer });
        if (again === null) throw error;
        return again;
      }
      const { draft, mapped } = read;
      const payload =
        files.length === 0
          ? jsonPayload(mapped.object)
          : ({ kind: 'multipart', data: JSON.stringify(mapped.object), files } as const);
      const ids = { requestId: request.id, traceparent: request.traceparent };
      return await options.send(request, reply, {
        draft: { ...draft, payload, ...ids },
        key,
        preferences,
        render: channelAnswer,
        taken: held.taken,
      });
    } finally {
      if (files.length > 0) await held.letGo();
    }
  });

  app.post(`${route}/preview`, async (request) => {
    const preferences = parsePrefer(request.headers.prefer);
    const { text, held } = isMultipart(request) ? await receive(request) : fromBody(request);
    try {
      const { mapped } = readDraft(callerOf(request), channel, parseExact(text), preferences);
      held.files.push(...(await spoolInline(spool, mapped.attachments, limits, held.files)));
      return jsonAnswer(mapped.object);
    } finally {
      await held.letGo();
    }
  });

  const isMultipart = (request: FastifyRequest) => channel === 'email' && request.isMultipart();
  const fromBody = (request: FastifyRequest): Received => ({ text: textOf(request.body), held: holdFiles(spool, []) });

  async function receive(request: FastifyRequest): Promise<Received> {
    const { data, files } = await receiveMultipart(request, { spool, limits, clock });
    return { text: withoutMark(data), held: holdFiles(spool, [...files]) };
  }
}
