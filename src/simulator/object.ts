/** CommBox's object as far as the simulator reads it. */
export type CommboxDocument = Record<string, unknown>;

export type ObjectReading =
  | { readonly object: CommboxDocument; readonly description?: never }
  | { readonly object?: never; readonly description: string };

const INT32 = 2 ** 31;
const INT64 = 2 ** 63;
const integers: readonly (readonly [name: string, bound: number])[] = [
  ['Type', INT32],
  ['StreamProviderType', INT32],
  ['UserStreamProviderType', INT32],
  ['UserIdentity', INT64],
  ['ManagerId', INT64],
  ['SubStreamId', INT64],
];
const userLengths: readonly (readonly [name: string, longest: number])[] = [
  ['UniqueId', 50],
  ['FirstName', 100],
  ['LastName', 100],
  ['Phone1', 20],
  ['Phone2', 20],
  ['Email', 255],
];

const isDocument = (value: unknown): value is CommboxDocument =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Written digits count as a number, as CommBox's JSON library reads them.
function isInteger(value: unknown, bound: number): boolean {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && Math.abs(number as number) <= bound;
}

function isContent(value: unknown): boolean {
  if (typeof value !== 'string') return isDocument(value);
  try {
    return isDocument(JSON.parse(value));
  } catch {
    return false;
  }
}

function findFault(object: CommboxDocument): string | undefined {
  const { Message, StatusId, Content, User } = object;
  if (typeof Message !== 'string' || Message === '') return 'Message is required and must be a non-empty string';
  for (const [name, bound] of integers) {
    const value = object[name];
    if (value !== undefined && value !== null && !isInteger(value, bound)) return `${name} must be an integer`;
  }
  // The reference lets StatusId be a number or a string.
  if (StatusId !== undefined && StatusId !== null && typeof StatusId !== 'string' && !isInteger(StatusId, INT32)) {
    return 'StatusId must be an integer or a string';
  }
  if (Content !== undefined && Content !== null && !isContent(Content)) return 'Content must be an object';
  if (User === undefined || User === null) return undefined;
  if (!isDocument(User)) return 'User must be an object';
  for (const [name, longest] of userLengths) {
    const value = User[name];
    if (typeof value === 'string' && value.length > longest) return `User.${name} is longer than ${longest}`;
  }
  return undefined;
}

/**
 * Reads the object from a JSON body (`wrapped`: under `data`) or from a form's `data` field (bare), by the rules of
 * CommBox's reference. A description says what a 400 would.
 */
export function readObject(text: string, wrapped: boolean): ObjectReading {
  let document: unknown;
  try {
    document = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch {
    return { description: 'The data is not valid JSON' };
  }
  const object = wrapped && isDocument(document) ? document['data'] : document;
  if (!isDocument(object)) return { description: 'data is required and must be an object' };
  const description = findFault(object);
  return description === undefined ? { object } : { description };
}
