import Type from 'typebox';
import { type Caller, mayUseAlias, messageChannels } from '../access/caller.ts';
import type { Directory } from '../access/directory.ts';
import { GatewayError, invalidRequest } from '../kernel/errors.ts';
import { compileSchema } from '../kernel/validate.ts';
import { type MessageState, messageStates } from '../store/message-row.ts';
import type { ListFilter } from '../store/requests.ts';

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 255, description }));
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));
const anyState = `(?:${messageStates.join('|')})`;
const filterFields = {
  status: Type.Optional(
    Type.String({
      pattern: `^${anyState}(?:,${anyState})*$`,
      expected: `must be one or more of: ${messageStates.join(', ')}, separated by commas`,
      description: 'States, separated by commas.',
    }),
  ),
  channel: Type.Optional(Type.String({ enum: [...messageChannels], description: 'Channel of the stream, or `raw`.' })),
  stream: text('The alias; for a stream without one, its id.'),
  reference: text('The reference that the request gave.'),
  caller: text('Who sent it; for admins.'),
  from: time('Accepted at this time or later.'),
  to: time('Accepted before this time.'),
};
const closed = { additionalProperties: false };

const all = Type.Unsafe<true>({ enum: [true], description: 'Instead of filters: whatever waits.' });

/** The filters as a body, or `all` in their place; and with the page as the query of the list. */
export const filterSchema = Type.Object({ ...filterFields, all: Type.Optional(all) }, closed);
export const listQuerySchema = Type.Object(
  { ...filterFields, limit: text('How many at most.'), cursor: text('The `nextCursor` of the page before.') },
  closed,
);
const filterBody = compileSchema(filterSchema);
const listQuery = compileSchema(listQuerySchema);

/** What `limit` may be. */
export const listLimit = { minimum: 1, maximum: 200, default: 50 } as const;
const ID = /^msg_[0-9A-Z]{26}$/;

/** The configured streams. */
type Streams = Pick<Directory, 'byAlias' | 'byId'>;

export interface ListRequest {
  readonly filter: ListFilter;
  readonly limit: number;
  /** Only messages older than this one. */
  readonly before: string | null;
}

/** The query of `GET /v1/messages`. @throws GatewayError as `readFilter` */
export function readListQuery(query: unknown, caller: Caller, streams: Streams): ListRequest {
  if (!listQuery.check(query)) throw invalidRequest(listQuery.faults(query));
  const { limit, cursor, ...fields } = query as Record<string, string>;
  return { filter: toFilter(fields, caller, streams), limit: readLimit(limit), before: readCursor(cursor) };
}

/**
 * The filters of the list as a JSON body. A caller that is no admin sees its own messages only. No filter at all is
 * more often a mistake than a wish, so that everything has to be asked for in words.
 *
 * @throws GatewayError `invalid_request`; `forbidden` for another caller's messages.
 */
export function readFilter(body: unknown, caller: Caller, streams: Streams): ListFilter {
  if (!filterBody.check(body)) throw invalidRequest(filterBody.faults(body));
  const { all: isAll, ...filters } = body as { all?: true } & Record<string, string>;
  const isFiltered = Object.keys(filters).length > 0;
  if (isAll && isFiltered) throw wrong('/all', 'must not be given beside filters: give either');
  if (!isAll && !isFiltered) {
    throw wrong('', `must have at least one of: ${Object.keys(filterFields).join(', ')}; or "all": true`);
  }
  return toFilter(filters, caller, streams);
}

/** The cursor that continues after this message. */
export function cursorAfter(id: string): string {
  return Buffer.from(id).toString('base64url');
}

function toFilter(fields: Readonly<Record<string, string>>, caller: Caller, streams: Streams): ListFilter {
  const { status, from, to, ...exact } = fields;
  if (exact['caller'] !== undefined && exact['caller'] !== caller.name && !caller.admin) {
    const message = 'only an admin may list the messages of other callers';
    throw new GatewayError('forbidden', message, { faults: [{ pointer: '/caller', message }] });
  }
  refuseIdOfAlias(exact['stream'], caller, streams);
  return {
    ...exact,
    ...(!caller.admin && { caller: caller.name }),
    ...(status === undefined ? {} : { states: readStates(status) }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
  };
}

/** Messages of a configured stream are kept under its alias, whichever of the two the request named: an id would find none. */
function refuseIdOfAlias(stream: string | undefined, caller: Caller, streams: Streams): void {
  if (stream === undefined || streams.byAlias(stream) !== null) return;
  const entries = streams.byId(stream);
  if (entries.length === 0) return;
  const aliases = entries.map(({ alias }) => alias).filter((alias) => caller.admin || mayUseAlias(caller, alias));
  throw wrong('/stream', `is the CommBox id of a configured stream: give its alias${among(aliases)}`);
}

const among = (aliases: readonly string[]) => (aliases.length === 0 ? '' : ` (${aliases.join(', ')})`);

function readStates(text: string): readonly MessageState[] {
  const names = text.split(',');
  return messageStates.filter((state) => names.includes(state));
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return listLimit.default;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= listLimit.minimum && limit <= listLimit.maximum) return limit;
  throw wrong('/limit', `must be ${listLimit.minimum} to ${listLimit.maximum}`);
}

function readCursor(text: string | undefined): string | null {
  if (text === undefined) return null;
  const id = Buffer.from(text, 'base64url').toString('latin1');
  if (ID.test(id)) return id;
  throw wrong('/cursor', 'must be a nextCursor of an earlier answer');
}

function wrong(pointer: string, message: string): GatewayError {
  return invalidRequest([{ pointer, message }]);
}

/** Whether this can be the id of a message. */
export function isMessageId(text: string): boolean {
  return ID.test(text);
}
