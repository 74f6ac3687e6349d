import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Directory } from '../../access/directory.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import type { FinalWatch } from '../../delivery/final-watch.ts';
import { isFinal, type Message } from '../../delivery/message.ts';
import { GatewayError } from '../../kernel/errors.ts';
import type { MessageRow } from '../../store/message-row.ts';
import type { Store } from '../../store/store.ts';
import { jsonAnswer } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { cursorAfter, isMessageId, readListQuery } from '../message-filter.ts';
import { messageView } from '../message-view.ts';
import { parsePrefer } from '../prefer.ts';

export interface MessageRouteOptions {
  readonly delivery: Delivery;
  readonly store: Store;
  readonly watch: FinalWatch;
  readonly directory: Directory;
}

/** `GET /v1/messages` and `GET /v1/messages/{id}`. Needs an authenticated scope. */
export function addMessageRoutes(app: FastifyInstance, options: MessageRouteOptions): void {
  const { delivery, store, watch } = options;

  app.get<{ Params: { id: string } }>('/v1/messages/:id', async (request, reply) => {
    const { waitMs } = parsePrefer(request.headers.prefer);
    let message = await findMessage(request, options);
    if (waitMs !== null && !isFinal(message)) {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      await watch.wait(message.id, waitMs, gone.signal);
      message = await findMessage(request, options);
    }
    return jsonAnswer(messageView(message, delivery, callerOf(request).name));
  });

  app.get('/v1/messages', async (request) => {
    const caller = callerOf(request);
    const { filter, limit, before } = readListQuery(request.query, caller, options.directory);
    // One more than asked for tells whether there is a next page.
    const rows = await store.list(filter, limit + 1, before);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const nextCursor = rows.length > limit && last !== undefined ? cursorAfter(last.id) : null;
    return jsonAnswer({ messages: page.map((row) => messageView(row, delivery, caller.name)), nextCursor });
  });
}

/**
 * The message that the path names, on its way in this process or stored.
 *
 * @throws GatewayError `not_found` if there is none that this caller may see.
 */
export async function findMessage(
  request: FastifyRequest,
  { delivery, store }: Pick<MessageRouteOptions, 'delivery' | 'store'>,
): Promise<Message | MessageRow> {
  const { id } = request.params as { id: string };
  const caller = callerOf(request);
  const message = isMessageId(id) ? (delivery.find(id) ?? (await store.get(id))) : null;
  if (message !== null && (caller.admin || message.caller === caller.name)) {
    request.context.message = message;
    return message;
  }
  throw new GatewayError('not_found', 'No message of this caller has this id.');
}
