import { type Fault, invalidRequest, MAX_FAULTS } from '../kernel/errors.ts';
import { parseExact } from '../kernel/exact-json.ts';
import { type JsonPath, repeatedMember } from '../kernel/json-members.ts';

export interface BatchBody {
  readonly body: unknown;
  /** The members that a message has twice, by its number; pointers into the message. */
  readonly repeated: ReadonlyMap<number, readonly Fault[]>;
}

/**
 * Reads the JSON of a batch. A member that one of its messages has twice is a fault of that message alone.
 * @throws GatewayError `invalid_request` as `parseExact`, and for what is repeated outside of the messages.
 */
export function parseBatch(text: string): BatchBody {
  const repeated = new Map<number, Fault[]>();
  const outside: Fault[] = [];
  const note = (path: JsonPath): boolean => {
    const faults = faultsFor(path, repeated) ?? outside;
    if (faults.length < MAX_FAULTS) faults.push(repeatedMember(faults === outside ? path : path.slice(2)));
    return outside.length < MAX_FAULTS;
  };
  const body = parseExact(text, note);
  if (outside.length > 0) throw invalidRequest(outside);
  return { body, repeated };
}

function faultsFor([list, index, name]: JsonPath, repeated: Map<number, Fault[]>): Fault[] | null {
  if (list !== 'messages' || typeof index !== 'number' || name === undefined) return null;
  const faults = repeated.get(index) ?? [];
  repeated.set(index, faults);
  return faults;
}
