import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { spoolInline } from '../../attachments/base64.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import { type ChannelName, channelNames } from '../../channels/channel.ts';
import type { BatchItem, Delivery } from '../../delivery/delivery.ts';
import { type Fingerprinter, parseIdempotencyKey } from '../../delivery/fingerprint.ts';
import { jsonPayload } from '../../delivery/payload.ts';
import { GatewayError, invalidRequest } from '../../kernel/errors.ts';
import { parseExact } from '../../kernel/exact-json.ts';
import { compileSchema } from '../../kernel/validate.ts';
import type { InsertResult, KeyClaim, Store, StoredAnswer } from '../../store/store.ts';
import { JSON_TYPE, rawOf, write } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { textOf } from '../body.ts';
import type { DraftReader } from '../draft.ts';
import { toGatewayError } from '../errors.ts';
import { claimOf } from '../keyed.ts';
import { ASYNC } from '../prefer.ts';
import { type Problem, problemOf } from '../problem.ts';

export interface BatchRouteOptions {
  readonly readDraft: DraftReader;
  readonly delivery: Delivery;
  readonly fingerprinter: Fingerprinter;
  readonly store: Store;
  readonly spool: Spool;
  readonly limits: MultipartLimits;
}

/** The most messages that one request may bring. */
const LARGEST_BATCH = 1000;
const ROUTE = '/v1/messages';

/** Each message is checked by itself, so that a bad one does not hold up the others. */
export const batchSchema = Type.Object(
  { messages: Type.Array(Type.Unknown(), { minItems: 1, maxItems: LARGEST_BATCH }) },
  { additionalProperties: false },
);
const batchBody = compileSchema(batchSchema);

type Known = { readonly id: string; readonly status: string };
type Read = { readonly item: BatchItem } | { readonly known: Known } | { readonly problem: Problem };
type Result = Known | { readonly problem: Problem };

/** `POST /v1/messages`: many messages at once, always answered before they are sent. Needs an authenticated scope. */
export function addBatchRoute(app: FastifyInstance, options: BatchRouteOptions): void {
  const { readDraft, delivery, fingerprinter, store, spool, limits } = options;

  app.post(ROUTE, async (request, reply) => {
    const text = textOf(request.body);
    const body = parseExact(text);
    if (!batchBody.check(body)) throw invalidRequest(batchBody.faults(body));
    const batch = claimOf(request, fingerprinter, { route: ROUTE, jsonText: text });
    const files: SpooledFile[] = [];
    let isTaken = false;
    try {
      const reads: Read[] = [];
      for (const item of (body as { messages: unknown[] }).messages) reads.push(await read(request, item, files));
      const items = reads.flatMap((one) => ('item' in one ? [one.item] : []));
      const states = await statesOf(items);
      const accepted = await delivery.acceptBatch(items, batch, (results) => {
        const queue = results.values();
        const answers = reads.map((one): Result => {
          if ('problem' in one) return one;
          if ('known' in one) return one.known;
          const { id, result } = queue.next().value as { id: string; result: InsertResult };
          return resultOf(request.id, one.item.key, id, result, states);
        });
        const location = { 'content-type': JSON_TYPE };
        return { status: 202, headers: location, body: JSON.stringify({ results: answers }), isBinary: false };
      });
      isTaken = accepted.kind === 'accepted';
      if (accepted.kind === 'accepted') return write(request, reply, asAnswer(accepted.answer));
      const { record } = accepted;
      if (record.fingerprint !== batch?.fingerprint || record.answer === null) {
        throw new GatewayError('idempotency_mismatch', 'This Idempotency-Key came with another request before.');
      }
      return write(request, reply, asAnswer(record.answer, { 'idempotency-replayed': 'true' }));
    } finally {
      if (!isTaken && files.length > 0) await spool.remove(files);
    }
  });

  /** A bad item never holds up good ones: what is wrong with it becomes its result. */
  async function read(request: FastifyRequest, item: unknown, files: SpooledFile[]): Promise<Read> {
    let key: KeyClaim | null = null;
    try {
      const { channel, idempotencyKey, fields } = split(item);
      key = idempotencyKey === null ? null : claimItem(request, channel, idempotencyKey, fields);
      const { draft, mapped } = readDraft(callerOf(request), channel, fields, ASYNC);
      const own = await spoolInline(spool, mapped.attachments, limits);
      files.push(...own);
      const payload =
        own.length === 0
          ? jsonPayload(mapped.object)
          : ({ kind: 'multipart', data: JSON.stringify(mapped.object), files: own } as const);
      const ids = { requestId: request.id, traceparent: request.traceparent };
      return { item: { draft: { ...draft, payload, ...ids }, key } };
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (error.status >= 500) throw thrown;
      // What its key stands for counts more: an `expiresAt` passes between the first request and this one.
      const record = key === null ? null : await store.findKey(key.scope);
      if (record?.fingerprint === key?.fingerprint && record?.messageId != null) {
        const row = await store.get(record.messageId);
        if (row !== null) return { known: { id: row.id, status: row.state } };
      }
      return { problem: problemOf(error, request.id) };
    }
  }

  /** The same claim as that of the same message sent to its channel's own route. */
  function claimItem(request: FastifyRequest, channel: ChannelName, key: string, fields: object): KeyClaim {
    const route = `/v1/${channel}`;
    const jsonText = JSON.stringify(fields);
    return fingerprinter.claim({ caller: callerOf(request).name, route, key, jsonText, streamId: null, files: [] });
  }

  /** States of the messages that earlier requests with the items' keys became. */
  async function statesOf(items: readonly BatchItem[]): Promise<ReadonlyMap<string, string>> {
    const states = new Map<string, string>();
    for (const { key } of items) {
      const record = key === null ? null : await store.findKey(key.scope);
      const row = record?.messageId == null ? null : await store.get(record.messageId);
      if (row !== null) states.set(row.id, row.state);
    }
    return states;
  }
}

function split(item: unknown): { channel: ChannelName; idempotencyKey: string | null; fields: object } {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw invalidRequest([{ pointer: '', message: 'must be an object' }]);
  }
  const { channel, idempotencyKey, ...fields } = item as Record<string, unknown>;
  const name = channelNames.find((known) => known === channel);
  if (name === undefined) {
    throw invalidRequest([{ pointer: '/channel', message: `must be one of: ${channelNames.join(', ')}` }]);
  }
  if (idempotencyKey !== undefined && typeof idempotencyKey !== 'string') {
    throw invalidRequest([{ pointer: '/idempotencyKey', message: 'must be a string' }]);
  }
  return { channel: name, idempotencyKey: parseIdempotencyKey(idempotencyKey), fields };
}

function resultOf(
  requestId: string,
  key: KeyClaim | null,
  id: string,
  result: InsertResult,
  states: ReadonlyMap<string, string>,
): Result {
  if (result.kind === 'inserted') return { id, status: 'queued' };
  const { messageId, fingerprint } = result.record;
  if (fingerprint === key?.fingerprint && messageId !== null) {
    return { id: messageId, status: states.get(messageId) ?? 'queued' };
  }
  const error = new GatewayError('idempotency_mismatch', 'This idempotencyKey came with another message before.');
  return { problem: problemOf(error, requestId) };
}

function asAnswer(stored: StoredAnswer, headers: Readonly<Record<string, string>> = {}) {
  const { body } = rawOf(stored);
  return { status: stored.status, headers: { ...stored.headers, ...headers }, body, error: null };
}
