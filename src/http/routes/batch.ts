import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { spoolInline } from '../../attachments/base64.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import type { ChannelName } from '../../channels/channel.ts';
import type { BatchItem, Delivery } from '../../delivery/delivery.ts';
import type { Fingerprinter } from '../../delivery/fingerprint.ts';
import { jsonPayload } from '../../delivery/payload.ts';
import { GatewayError, invalidRequest } from '../../kernel/errors.ts';
import { compileSchema } from '../../kernel/validate.ts';
import type { KeyClaim, KeyedMessage, StoredAnswer } from '../../store/key-record.ts';
import type { InsertResult } from '../../store/requests.ts';
import type { Store } from '../../store/store.ts';
import { JSON_TYPE, problemAnswer, rawOf, write } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { parseBatch } from '../batch-body.ts';
import { splitItem } from '../batch-item.ts';
import { textOf } from '../body.ts';
import type { DraftReader } from '../draft.ts';
import { toGatewayError } from '../errors.ts';
import { holdFiles } from '../held-files.ts';
import { claimOf } from '../keyed.ts';
import { ASYNC } from '../prefer.ts';
import { type Problem, problemOf } from '../problem.ts';
import { mismatched } from '../repeats.ts';

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
/** An item as it was read. Of a bad one, too, the key counts. */
type Read = { readonly key: KeyClaim | null } & ({ readonly item: BatchItem } | { readonly problem: Problem });
/** One whose member is there twice has no key: which of the two it would be is open. */
const refused = (request: FastifyRequest, error: GatewayError): Read => ({
  key: null,
  problem: problemOf(error, request.id),
});

type Result = Known | { readonly problem: Problem };

/** `POST /v1/messages`: many messages at once, always answered before they are sent. Needs an authenticated scope. */
export function addBatchRoute(app: FastifyInstance, options: BatchRouteOptions): void {
  const { readDraft, delivery, fingerprinter, store, spool, limits } = options;

  const errorHandler = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) =>
    write(request, reply, problemAnswer(bodyRefused(thrown) ?? toGatewayError(thrown), request.id));

  app.post(ROUTE, { errorHandler }, async (request) => {
    const text = textOf(request.body);
    const { body, faults } = parseBatch(text);
    const batch = claimOf(request, fingerprinter, { route: ROUTE, jsonText: text });
    if (!batchBody.check(body)) {
      const known = batch === null ? null : await delivery.findKey(batch);
      if (known !== null && known.fingerprint !== batch?.fingerprint) throw mismatched();
      throw invalidRequest(batchBody.faults(body));
    }
    const held = holdFiles(spool, []);
    try {
      const reads: Read[] = [];
      for (const [index, item] of (body as { messages: unknown[] }).messages.entries()) {
        const own = faults.get(index);
        reads.push(own === undefined ? await read(request, item, held.files) : refused(request, invalidRequest(own)));
      }
      const items = reads.flatMap((one) => ('item' in one ? [one.item] : []));
      const scopes = reads.flatMap(({ key }) => (key === null ? [] : [key.scope]));
      const earlier = scopes.length === 0 ? new Map<string, KeyedMessage>() : await store.findKeyed(scopes);
      const accepted = await delivery.acceptBatch(items, batch, (results) => {
        const queue = results.values();
        const answers = reads.map((one): Result => {
          const known = one.key === null ? undefined : earlier.get(one.key.scope);
          // What its key stands for counts more: an `expiresAt` passes between the first request and this one.
          if ('problem' in one) return knownAs(request.id, one.key, known) ?? { problem: one.problem };
          const { id, result } = queue.next().value as { id: string; result: InsertResult };
          return resultOf(request.id, one.key, { id, result, known });
        });
        const location = { 'content-type': JSON_TYPE };
        return { status: 202, headers: location, body: JSON.stringify({ results: answers }), isBinary: false };
      });
      if (accepted.kind === 'accepted') {
        held.taken();
        return asAnswer(accepted.answer);
      }
      const { record } = accepted;
      if (record.fingerprint !== batch?.fingerprint || record.answer === null) {
        throw mismatched();
      }
      return asAnswer(record.answer, { 'idempotency-replayed': 'true' });
    } finally {
      await held.letGo();
    }
  });

  /** A bad item never holds up good ones: what is wrong with it becomes its result. */
  async function read(request: FastifyRequest, item: unknown, files: SpooledFile[]): Promise<Read> {
    let key: KeyClaim | null = null;
    try {
      const readFields = (name: ChannelName, given: object) => readDraft(callerOf(request), name, given, ASYNC);
      const { channel, idempotencyKey, fields } = splitItem(item, readFields);
      key = idempotencyKey === null ? null : claimItem(request, channel, idempotencyKey, fields);
      const { draft, mapped } = readFields(channel, fields);
      const own = await spoolInline(spool, mapped.attachments, limits);
      files.push(...own);
      const payload =
        own.length === 0
          ? jsonPayload(mapped.object)
          : ({ kind: 'multipart', data: JSON.stringify(mapped.object), files: own } as const);
      const ids = { requestId: request.id, traceparent: request.traceparent };
      return { key, item: { draft: { ...draft, payload, ...ids }, key } };
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (error.status >= 500) throw thrown;
      return { key, problem: problemOf(error, request.id) };
    }
  }

  /** The same claim as that of the same message sent to its channel's own route. */
  function claimItem(request: FastifyRequest, channel: ChannelName, key: string, fields: object): KeyClaim {
    const route = `/v1/${channel}`;
    const jsonText = JSON.stringify(fields);
    return fingerprinter.claim({ caller: callerOf(request).name, route, key, jsonText, streamId: null, files: [] });
  }
}

/** The other routes point to multipart, which a batch cannot be. */
function bodyRefused(thrown: unknown): GatewayError | null {
  switch ((thrown as { code?: unknown } | null)?.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError('unsupported_media_type', 'Send application/json.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError(
        'payload_too_large',
        'The JSON body is larger than BODY_LIMIT allows: split the batch, or raise BODY_LIMIT.',
      );
    default:
      return null;
  }
}

/** What a key stands for already: the message of the same request, or a problem for another one. Null if for nothing. */
function knownAs(requestId: string, key: KeyClaim | null, known: KeyedMessage | undefined): Result | null {
  if (known === undefined) return null;
  return known.fingerprint === key?.fingerprint ? { id: known.id, status: known.state } : mismatch(requestId);
}

interface Stored {
  readonly id: string;
  readonly result: InsertResult;
  readonly known: KeyedMessage | undefined;
}

function resultOf(requestId: string, key: KeyClaim | null, { id, result, known }: Stored): Result {
  if (result.kind === 'inserted') return { id, status: 'queued' };
  const { messageId, fingerprint } = result.record;
  if (fingerprint === key?.fingerprint && messageId !== null) {
    return { id: messageId, status: known?.id === messageId ? known.state : 'queued' };
  }
  return mismatch(requestId);
}

function mismatch(requestId: string): Result {
  const error = new GatewayError('idempotency_mismatch', 'This idempotencyKey came with another message before.');
  return { problem: problemOf(error, requestId) };
}

function asAnswer(stored: StoredAnswer, headers: Readonly<Record<string, string>> = {}) {
  const { body } = rawOf(stored);
  return { status: stored.status, headers: { ...stored.headers, ...headers }, body, error: null };
}
