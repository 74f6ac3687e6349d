import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Allowlist } from '../../access/allowlist.ts';
import type { Caller } from '../../access/caller.ts';
import type { Directory } from '../../access/directory.ts';
import { resolveLane } from '../../access/lane.ts';
import { type ResolvedStream, resolveRawId, resolveStream } from '../../access/streams.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import { rawRecipients } from '../../channels/raw.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import type { Fingerprinter } from '../../delivery/fingerprint.ts';
import type { Draft, Message } from '../../delivery/message.ts';
import { objectIn } from '../../delivery/sent-object.ts';
import type { Clock } from '../../kernel/clock.ts';
import { GatewayError } from '../../kernel/errors.ts';
import { AttachmentDamaged } from '../../store/errors.ts';
import type { MessageRow } from '../../store/message-row.ts';
import type { Store } from '../../store/store.ts';
import { channelAnswer } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { placeOf } from '../draft.ts';
import { holdFiles } from '../held-files.ts';
import { claimOf } from '../keyed.ts';
import { saidTo } from '../message-view.ts';
import { ASYNC, parsePrefer } from '../prefer.ts';
import type { Repeats } from '../repeats.ts';
import type { Sender } from '../sending.ts';
import { refuseBody } from '../unread-input.ts';
import { conflict } from './message-actions.ts';
import { findMessage } from './messages.ts';

export interface ResendOptions {
  readonly directory: Directory;
  readonly allowlist: Allowlist;
  readonly delivery: Delivery;
  readonly store: Store;
  readonly spool: Spool;
  readonly send: Sender;
  readonly repeats: Repeats;
  readonly fingerprinter: Fingerprinter;
  readonly clock: Clock;
  readonly defaultTtlHours: number;
}

const HOUR_MS = 3_600_000;
const FILES_ARE_NOT_HERE =
  'The attachments of the message are damaged, or lie in the DATA_DIR of another gateway. Send it anew, with its files.';
const ACCOUNT_IS_GONE = 'The account that the message went to is not configured any more. Send it anew.';
const REPEATABLE = new Set(['failed', 'unknown', 'expired', 'canceled']);

/** A message that is to be sent again, and the files that go with it: its own, beside those of the first. */
interface Copy {
  readonly draft: Draft;
  readonly files: readonly SpooledFile[];
}

/** `POST /v1/messages/{id}/resend`: the same content as a new message. Needs an authenticated scope. */
export function addResendRoute(app: FastifyInstance, options: ResendOptions): void {
  const { directory, allowlist, store, spool, clock } = options;

  app.post('/v1/messages/:id/resend', async (request, reply) => {
    refuseBody(request);
    const { id } = await findMessage(request, options);
    const key = claimOf(request, options.fingerprinter, {
      route: '/v1/messages/:id/resend',
      jsonText: '{}',
      streamId: id,
    });
    // It is stored and answered first in any case; a `wait` is for its result.
    const preferences = { ...ASYNC, waitMs: parsePrefer(request.headers.prefer).waitMs };
    const render = (message: Message | MessageRow) => channelAnswer(saidTo(callerOf(request).name, message));
    let copy: Copy;
    try {
      copy = await copyOf(request, id);
    } catch (error) {
      // The first request changed nothing about the message, but others may have since.
      const again = await options.repeats.find(reply, { key, preferences, render });
      if (again === null) throw error;
      return again;
    }
    const { draft, files } = copy;
    const held = holdFiles(spool, [...files]);
    try {
      const { taken } = held;
      return await options.send(request, reply, { draft, key, preferences, render, taken });
    } finally {
      await held.letGo();
    }
  });

  /** @throws GatewayError if the message cannot be sent again, or not by this caller */
  async function copyOf(request: FastifyRequest, id: string): Promise<Copy> {
    const row = await store.get(id);
    if (row === null || !REPEATABLE.has(row.state)) {
      throw conflict(`Only a message that is ${[...REPEATABLE].join(', ')} can be sent again.`, id);
    }
    const { payload } = row;
    if (payload === null) throw conflict('The content of the message has been erased.', id);

    if (options.delivery.prospect(row, null) === null) throw conflict(ACCOUNT_IS_GONE, id);

    const caller = callerOf(request);
    const stream = streamOf(caller, row);
    // A lane that is the stream's own is nothing that the caller asks for.
    const lane = resolveLane(caller, stream, row.lane === stream.lane ? undefined : row.lane);
    allowlist.check(rawRecipients(objectIn(payload)));
    const files = payload.kind === 'multipart' ? await spool.copy(await filesOf(row)) : [];
    const draft: Draft = {
      ...placeOf(caller, stream, lane),
      // The copy belongs to whom the original belongs to, and goes where that went.
      caller: row.caller,
      channel: row.channel,
      streamId: row.streamId,
      account: row.account,
      mode: 'async',
      payload: payload.kind === 'json' ? payload : { ...payload, files },
      sendsToClient: row.sendsToClient,
      reference: row.reference,
      sendAt: null,
      expiresAt: clock.now() + (stream.ttlHours ?? options.defaultTtlHours) * HOUR_MS,
      onUnknown: row.onUnknown,
      patienceEndsAt: Number.POSITIVE_INFINITY,
      requestId: request.id,
      traceparent: request.traceparent,
      resendOf: id,
      keepsRawAnswer: false,
    };
    return { draft, files };
  }

  async function filesOf(row: MessageRow): Promise<readonly SpooledFile[]> {
    try {
      return await store.localFiles(row);
    } catch (cause) {
      if (!(cause instanceof AttachmentDamaged)) throw cause;
      throw new GatewayError('conflict', FILES_ARE_NOT_HERE, { messageId: row.id, outcome: 'not_sent', cause });
    }
  }

  /** Where the message went, if this caller may still send there. */
  function streamOf(caller: Caller, row: MessageRow): ResolvedStream {
    if (row.stream === null || row.channel === 'raw') return resolveRawId(directory, caller, row.streamId);
    return resolveStream(directory, caller, row.channel, { stream: row.stream });
  }
}
