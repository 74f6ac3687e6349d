import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { spoolInline } from '../../attachments/base64.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import { receiveMultipart } from '../../attachments/multipart.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import type { ChannelName } from '../../channels/channel.ts';
import type { Fingerprinter } from '../../delivery/fingerprint.ts';
import { jsonPayload } from '../../delivery/payload.ts';
import type { Clock } from '../../kernel/clock.ts';
import { parseExact } from '../../kernel/exact-json.ts';
import { channelAnswer, write, writeJson } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { textOf } from '../body.ts';
import type { DraftReader } from '../draft.ts';
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

/** `POST /v1/{channel}` and its preview, for one channel. Needs an authenticated scope with JSON bodies. */
export function addChannelRoutes(app: FastifyInstance, channel: ChannelName, options: ChannelRouteOptions): void {
  const { readDraft, spool, limits, clock } = options;
  const route = `/v1/${channel}`;

  app.post(route, async (request, reply) => {
    const preferences = parsePrefer(request.headers.prefer);
    const { text, uploaded } = await receive(request);
    return keepingFiles(uploaded, async (files) => {
      const body = parseExact(text);
      const key = claimOf(request, options.fingerprinter, { route, jsonText: text, files: uploaded });
      const read = attempt(() => readDraft(callerOf(request), channel, body, preferences));
      if ('error' in read) {
        const again = await options.repeats.find(reply, { key, preferences, render: channelAnswer });
        if (again === null) throw read.error;
        return { result: write(request, reply, again), isTaken: false };
      }
      const { draft, mapped } = read.value;
      if (mapped.attachments.length > 0) files.push(...(await spoolInline(spool, mapped.attachments, limits)));
      const payload =
        files.length === 0
          ? jsonPayload(mapped.object)
          : ({ kind: 'multipart', data: JSON.stringify(mapped.object), files } as const);
      const ids = { requestId: request.id, traceparent: request.traceparent };
      const { answer, isTaken } = await options.send(request, reply, {
        draft: { ...draft, payload, ...ids },
        key,
        preferences,
        render: channelAnswer,
      });
      return { result: write(request, reply, answer), isTaken };
    });
  });

  app.post(`${route}/preview`, async (request, reply) => {
    const preferences = parsePrefer(request.headers.prefer);
    const { text, uploaded } = await receive(request);
    return keepingFiles(uploaded, async (files) => {
      const { mapped } = readDraft(callerOf(request), channel, parseExact(text), preferences);
      files.push(...(await spoolInline(spool, mapped.attachments, limits)));
      return { result: writeJson(request, reply, mapped.object), isTaken: false };
    });
  });

  async function receive(request: FastifyRequest): Promise<{ text: string; uploaded: readonly SpooledFile[] }> {
    if (channel !== 'email' || !request.isMultipart()) return { text: textOf(request.body), uploaded: [] };
    const { data, files } = await receiveMultipart(request, { spool, limits, clock });
    return { text: data, uploaded: files };
  }

  /** Runs `work`, and removes the files afterwards unless the delivery took them. */
  async function keepingFiles(
    uploaded: readonly SpooledFile[],
    work: (files: SpooledFile[]) => Promise<{ result: FastifyReply; isTaken: boolean }>,
  ): Promise<FastifyReply> {
    const files = [...uploaded];
    let isTaken = false;
    try {
      const done = await work(files);
      isTaken = done.isTaken;
      return done.result;
    } finally {
      if (!isTaken && files.length > 0) await spool.remove(files);
    }
  }
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}
