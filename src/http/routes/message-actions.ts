import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Directory } from '../../access/directory.ts';
import type { Spool } from '../../attachments/spool.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { filesOf } from '../../delivery/payload.ts';
import type { Reconciler } from '../../delivery/reconcile.ts';
import type { Clock } from '../../kernel/clock.ts';
import { GatewayError, invalidRequest } from '../../kernel/errors.ts';
import { parseExact } from '../../kernel/exact-json.ts';
import { compileSchema } from '../../kernel/validate.ts';
import type { MessageRow } from '../../store/message-row.ts';
import type { Store } from '../../store/store.ts';
import { jsonAnswer } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { textOf } from '../body.ts';
import { readFilter } from '../message-filter.ts';
import { messageView } from '../message-view.ts';
import { refuseBody } from '../unread-input.ts';
import { findMessage } from './messages.ts';

export interface MessageActionOptions {
  readonly delivery: Delivery;
  readonly store: Store;
  readonly spool: Spool;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly keepKeysMs: number;
  readonly directory: Directory;
}

/** The body of `resolve`. */
export const resolveSchema = Type.Object(
  { as: Type.Unsafe<'sent' | 'failed'>({ enum: ['sent', 'failed'], description: 'What became of it.' }) },
  { additionalProperties: false },
);
const resolveBody = compileSchema(resolveSchema);

/** What may be done with a message afterwards: cancel, reconcile, resolve. Needs an authenticated scope. */
export function addMessageActions(app: FastifyInstance, options: MessageActionOptions): void {
  const { delivery, store, spool, reconciler, clock, keepKeysMs } = options;
  const view = async (request: FastifyRequest) =>
    messageView(await findMessage(request, options), delivery, callerOf(request).name);

  app.post('/v1/messages/:id/cancel', async (request) => {
    refuseBody(request);
    const { id } = await findMessage(request, options);
    const isCanceled = delivery.cancelHere(id) ?? (await store.cancel(id, clock.now(), clock.now() + keepKeysMs));
    if (!isCanceled) throw conflict('Only a queued message can be canceled.', id);
    return jsonAnswer(await view(request));
  });

  app.post('/v1/messages/cancel', async (request) => {
    const filter = readFilter(parseExact(textOf(request.body)), callerOf(request), options.directory);
    // Those whose callers wait here first, so that these are told at once.
    const here = await delivery.cancelManyHere(filter);
    const stored = await store.cancelMany(filter, clock.now(), clock.now() + keepKeysMs);
    return jsonAnswer({ canceled: here + stored });
  });

  app.post('/v1/messages/:id/reconcile', async (request) => {
    refuseBody(request);
    const row = await findUnknown(request);
    const { isOpen: _, ...reconciliation } = await reconciler.reconcile(row);
    if (reconciliation.isResolved) await forget(row);
    return jsonAnswer({ ...(await view(request)), reconciliation });
  });

  app.post('/v1/messages/:id/resolve', async (request) => {
    const body = parseExact(textOf(request.body));
    if (!resolveBody.check(body)) throw invalidRequest(resolveBody.faults(body));
    const row = await findUnknown(request);
    const state = (body as { as: 'sent' | 'failed' }).as;
    const isResolved = await store.resolve(row.id, { state, objectId: null, now: clock.now() });
    if (!isResolved) throw conflict('The message is not unknown any more.', row.id);
    // What failed may be sent again from its files.
    if (state === 'sent') await forget(row);
    return jsonAnswer(await view(request));
  });

  /** What cannot be removed changes nothing about the message; the files may also be another gateway's. */
  const forget = ({ payload }: MessageRow) => spool.remove(filesOf(payload)).catch(() => undefined);

  async function findUnknown(request: FastifyRequest): Promise<MessageRow> {
    const { id } = await findMessage(request, options);
    const row = await store.get(id);
    if (row?.state !== 'unknown') throw conflict('Only a message whose fate is unknown can be settled like this.', id);
    return row;
  }
}

/** A 409 about a message. */
export function conflict(detail: string, messageId: string): GatewayError {
  return new GatewayError('conflict', detail, { messageId });
}
