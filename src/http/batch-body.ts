import { type Fault, invalidRequest, MAX_FAULTS } from '../kernel/errors.ts';
import { isTooDeep, MAX_DEPTH, parseExact, TOO_DEEP } from '../kernel/exact-json.ts';
import { type JsonPath, repeatedMember } from '../kernel/json-members.ts';

export interface BatchBody {
  readonly body: unknown;
  /** What the text of a message has wrong, by its number; pointers into the message. */
  readonly faults: ReadonlyMap<number, readonly Fault[]>;
}

// A message lies in the list, and that in the body.
const LEVELS_AROUND = 2;

/**
 * Reads the JSON of a batch. A member that one of its messages has twice, or one that nests too deep, is a fault of that
 * message alone.
 * @throws GatewayError `invalid_request` as `parseExact`, and for what is repeated outside of the messages.
 */
export function parseBatch(text: string): BatchBody {
  const faults = new Map<number, Fault[]>();
  const outside: Fault[] = [];
  const onRepeated = (path: JsonPath): boolean => {
    const found = faultsFor(path, faults) ?? outside;
    if (found.length < MAX_FAULTS) found.push(repeatedMember(found === outside ? path : path.slice(2)));
    return outside.length < MAX_FAULTS;
  };
  const onDeep = (body: unknown) => {
    for (const [index, message] of messagesOf(body).entries()) {
      if (isTooDeep(message)) faults.set(index, [{ pointer: '', message: TOO_DEEP }]);
    }
  };
  const body = parseExact(text, { maxDepth: MAX_DEPTH + LEVELS_AROUND, onRepeated, onDeep });
  if (outside.length > 0) throw invalidRequest(outside);
  return { body, faults };
}

function messagesOf(body: unknown): readonly unknown[] {
  const list = (body as { readonly messages?: unknown } | null)?.messages;
  return Array.isArray(list) ? list : [];
}

function faultsFor([list, index, name]: JsonPath, all: Map<number, Fault[]>): Fault[] | null {
  if (list !== 'messages' || typeof index !== 'number' || name === undefined) return null;
  const found = all.get(index) ?? [];
  all.set(index, found);
  return found;
}
