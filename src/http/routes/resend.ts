import type { FastifyInstance } from 'fastify';
import type { Allowlist } from '../../access/allowlist.ts';
import type { Caller } from '../../access/caller.ts';
import type { Directory } from '../../access/directory.ts';
import { resolveLane } from '../../access/lane.ts';
import { type ResolvedStream, resolveRawId, resolveStream } from '../../access/streams.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import { rawRecipients } from '../../channels/raw.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import type { Fingerprinter } from '../../delivery/fingerprint.ts';
import { objectIn } from '../../delivery/sent-object.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { MessageRow } from '../../store/message-row.ts';
import type { Store } from '../../store/store.ts';
import { channelAnswer, write } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { placeOf } from '../draft.ts';
import { claimOf } from '../keyed.ts';
import { ASYNC } from '../prefer.ts';
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
  readonly fingerprinter: Fingerprinter;
  readonly clock: Clock;
  readonly defaultTtlHours: number;
}

const HOUR_MS = 3_600_000;
const REPEATABLE = new Set(['failed', 'unknown', 'expired', 'canceled']);

/** `POST /v1/messages/{id}/resend`: the same content as a new message. Needs an authenticated scope. */
export function addResendRoute(app: FastifyInstance, options: ResendOptions): void {
  const { directory, allowlist, store, spool, clock } = options;

  app.post('/v1/messages/:id/resend', async (request, reply) => {
    refuseBody(request);
    const { id } = await findMessage(request, options);
    const row = await store.get(id);
    if (row === null || !REPEATABLE.has(row.state)) {
      throw conflict(`Only a message that is ${[...REPEATABLE].join(', ')} can be sent again.`, id);
    }
    if (row.payload === null) throw conflict('The content of the message has been erased.', id);

    const stream = streamOf(callerOf(request), row);
    const lane = resolveLane(callerOf(request), stream, row.lane);
    allowlist.check(rawRecipients(objectIn(row.payload)));
    const key = claimOf(request, options.fingerprinter, {
      route: '/v1/messages/:id/resend',
      jsonText: '{}',
      streamId: id,
    });
    const copies = row.payload.kind === 'multipart' ? await spool.copy(await store.localFiles(row)) : [];
    let isTaken = false;
    try {
      const now = clock.now();
      const sent = await options.send(request, reply, {
        draft: {
          ...placeOf(callerOf(request), stream, lane),
          // The copy belongs to whom the original belongs to, and goes where that went.
          caller: row.caller,
          channel: row.channel,
          streamId: row.streamId,
          account: row.account,
          mode: 'async',
          payload: row.payload.kind === 'json' ? row.payload : { ...row.payload, files: copies },
          sendsToClient: row.sendsToClient,
          reference: row.reference,
          sendAt: null,
          expiresAt: now + (stream.ttlHours ?? options.defaultTtlHours) * HOUR_MS,
          onUnknown: row.onUnknown,
          patienceEndsAt: Number.POSITIVE_INFINITY,
          requestId: request.id,
          traceparent: request.traceparent,
          resendOf: id,
          keepsRawAnswer: false,
        },
        key,
        preferences: ASYNC,
        render: channelAnswer,
      });
      isTaken = sent.isTaken;
      return write(request, reply, sent.answer);
    } finally {
      if (!isTaken) await spool.remove(copies as SpooledFile[]);
    }
  });

  /** Where the message went, if this caller may still send there. */
  function streamOf(caller: Caller, row: MessageRow): ResolvedStream {
    if (row.stream === null || row.channel === 'raw') return resolveRawId(directory, caller, row.streamId);
    return resolveStream(directory, caller, row.channel, { stream: row.stream });
  }
}
