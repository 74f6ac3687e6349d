import Type from 'typebox';
import type { Fault } from '../kernel/errors.ts';
import { isRawNumber, parseExact } from '../kernel/exact-json.ts';
import type { JsonPath } from '../kernel/json-members.ts';
import { pointerTo } from '../kernel/pointer.ts';
import { contentRecipients, membersOf, normalRecipient, UNREADABLE_RECIPIENT } from './recipients.ts';

const INTEGER_FIELDS = [
  'Type',
  'StatusId',
  'StreamProviderType',
  'UserStreamProviderType',
  'UserIdentity',
  'ManagerId',
  'SubStreamId',
] as const;

const INTEGER = /^-?\d+$/;

const integerField = Type.Optional(
  Type.Unsafe<unknown>({ anyOf: [{ type: ['integer', 'null'] }, { type: 'string', pattern: INTEGER.source }] }),
);

/** What {@link checkRawObject} enforces, for the documentation: it checks by itself, since digits may be kept as text. */
export const rawObject = Type.Object(
  {
    Message: Type.String({ minLength: 1, description: 'Text of the message.' }),
    ...Object.fromEntries(INTEGER_FIELDS.map((field) => [field, integerField])),
  },
  { additionalProperties: true, description: "CommBox's own object; members that are not named here pass." },
);

/**
 * What is wrong with an object in CommBox's own form. Checked is only what would certainly fail there; every other
 * member passes. `null` stands for "not given", as .NET clients write it.
 */
export function checkRawObject(data: unknown, pointerPrefix: string): Fault[] {
  if (!isObject(data)) return [{ pointer: pointerPrefix, message: 'must be an object' }];
  const faults: Fault[] = [];
  const message = data['Message'];
  if (message === undefined) faults.push({ pointer: `${pointerPrefix}/Message`, message: 'is required' });
  else if (typeof message !== 'string' || message === '') {
    faults.push({ pointer: `${pointerPrefix}/Message`, message: 'must be a non-empty string' });
  }
  for (const field of INTEGER_FIELDS) {
    if (isInteger(data[field])) continue;
    faults.push({ pointer: pointerTo(pointerPrefix, field), message: 'must be an integer, or a string of one' });
  }
  return faults;
}

const RECIPIENT_MEMBERS = new Set([
  'content',
  'userstreamproviderid',
  'streamproviderid',
  'type',
  'streamprovidertype',
]);
const CONTENT_RECIPIENTS = new Set(['to', 'cc', 'bcc']);

/**
 * Whether the member of such an object that this path leads to says whom it could reach. Given twice, nobody knows which
 * of the two CommBox reads, and the allow-list would check the wrong one.
 */
export function namesRecipients([name, inside]: JsonPath): boolean {
  if (typeof name !== 'string') return false;
  const lower = name.toLowerCase();
  if (inside === undefined) return RECIPIENT_MEMBERS.has(lower);
  return lower === 'content' && typeof inside === 'string' && CONTENT_RECIPIENTS.has(inside.toLowerCase());
}

/**
 * Everyone whom such an object could reach, for the allow-list. Its ids count too, unless it clearly is a mail (Type 5,
 * StreamProviderType 4) with recipients of its own. Member names are matched whatever their case, as .NET does.
 */
export function rawRecipients(data: unknown): string[] {
  if (!isObject(data)) return [];
  const contents = membersOf(data, 'content').map(readContent);
  const to = contents.flatMap((content) => listed(content, 'to'));
  const recipients = [...to, ...contents.flatMap((content) => [...listed(content, 'cc'), ...listed(content, 'bcc')])];
  if (contents.includes(null)) recipients.push(UNREADABLE_RECIPIENT);
  if (isMail(data) && to.length > 0) return recipients;
  for (const id of [...membersOf(data, 'userstreamproviderid'), ...membersOf(data, 'streamproviderid')]) {
    if (id !== null && id !== undefined && id !== '') recipients.push(readId(id));
  }
  return recipients;
}

function readId(id: unknown): string {
  if (typeof id === 'string') return normalRecipient(id);
  if (typeof id === 'number') return String(id);
  return isRawNumber(id) ? id.rawJSON : UNREADABLE_RECIPIENT;
}

/** Whether CommBox sends such an object without saving it, and therefore may answer without an id. */
export function rawSendsToClient(data: unknown): boolean {
  return isObject(data) && data['sendToClient'] === true;
}

// `Content` is an object, or the same as a JSON string (API reference); null for what is neither.
function readContent(content: unknown): Record<string, unknown> | null {
  if (content === undefined || content === null || content === '') return {};
  const value = typeof content === 'string' ? parseOrNull(content) : content;
  return isObject(value) ? value : null;
}

function listed(content: Record<string, unknown> | null, name: string): string[] {
  return content === null ? [] : membersOf(content, name).flatMap(contentRecipients);
}

// Null also if a member is there twice: which of the two CommBox reads is open.
function parseOrNull(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return null;
  }
}

// Types that contradict each other leave open how CommBox reads the object, so that its ids count.
function isMail(data: Record<string, unknown>): boolean {
  const given = (values: unknown[]) => values.filter((value) => value !== null);
  const types = given(membersOf(data, 'type'));
  const providers = given(membersOf(data, 'streamprovidertype'));
  if (types.length + providers.length === 0) return false;
  return types.every((value) => Number(value) === 5) && providers.every((value) => Number(value) === 4);
}

function isInteger(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (isRawNumber(value)) return INTEGER.test(value.rawJSON);
  return typeof value === 'string' ? INTEGER.test(value) : Number.isInteger(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}
