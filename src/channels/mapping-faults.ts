import type { CountryCode } from 'libphonenumber-js';
import { type Fault, MAX_FAULTS } from '../kernel/errors.ts';
import { pointerTo } from '../kernel/pointer.ts';
import type { Validator } from '../kernel/validate.ts';
import type { Channel } from './channel.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * What a channel's mapping says against the sound part of a body, so that one answer names every fault and not only
 * those of the schema: at most 20. The mapping takes valid requests alone; it is therefore given a copy in which the faulty members
 * are replaced, and what it says about those does not count. Empty if no valid copy can be made.
 *
 * @param schemaFaults All that the schema says against the body: none for a valid one.
 */
export function mappingFaults(
  channel: Channel,
  validator: Validator,
  body: Body,
  schemaFaults: readonly Fault[],
  defaultCountry: CountryCode | undefined,
): Fault[] {
  const faulty = schemaFaults.map(({ pointer }) => pointer);
  const pruned = pruneBody(channel, body, faulty);
  const members = [...new Set(validator.faults(pruned).map(({ pointer }) => pointer.split('/')[1] ?? ''))];
  const request = replaceMembers(channel, validator, pruned, members);
  if (!validator.check(request)) return [];
  const replaced = [
    ...faulty.map((pointer) => prunedPlace(body, pointer)),
    ...members.map((name) => pointerTo('', name)),
  ];
  const faults: Fault[] = [];
  channel.map(request, {
    defaultCountry,
    fault(pointer, message) {
      if (faults.length >= MAX_FAULTS || replaced.some((outer) => isWithin(pointer, outer))) return;
      faults.push({ pointer, message });
    },
  });
  return faults;
}

// Unknown members are left out; of an object, such as the customer, only the faulty members; and in a list a sound item
// takes the place of each faulty one, so that the others keep theirs.
function pruneBody({ schema }: Channel, body: Body, faulty: readonly string[]): Body {
  const pruned: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    if (Object.hasOwn(body, name)) pruned[name] = pruneMember(body[name], pointerTo('', name), faulty);
  }
  return pruned;
}

function pruneMember(value: unknown, pointer: string, faulty: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!faulty.some((other) => other.startsWith(`${pointer}/`))) return value;
  const isSound = (name: string | number) => !faulty.some((other) => isWithin(other, pointerTo(pointer, name)));
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).filter(([name]) => isSound(name)));
  const sound = value.find((_, index) => isSound(index));
  return sound === undefined ? value : value.map((item, index) => (isSound(index) ? item : sound));
}

// In a list the whole item is another one: nothing that is said of it counts.
function prunedPlace(body: Body, pointer: string): string {
  const [, member = ''] = pointer.split('/');
  return Array.isArray(body[member]) ? pointer.split('/').slice(0, 3).join('/') : pointer;
}

// Any line of text: a member that no example has is kept present where that is valid, because its absence could be a
// fault of its own (an e-mail without a sound `html` must not be told that `text` is required).
const FILLER = 'x';

function replaceMembers({ examples }: Channel, validator: Validator, body: Body, names: readonly string[]): Body {
  const example = examples[0]?.request ?? {};
  let replaced: Record<string, unknown> = { ...body };
  for (const name of names) {
    if (Object.hasOwn(example, name)) replaced[name] = example[name];
    else delete replaced[name];
  }
  for (const name of names) {
    if (Object.hasOwn(replaced, name)) continue;
    const filled = { ...replaced, [name]: FILLER };
    if (validator.check(filled)) replaced = filled;
  }
  return replaced;
}

// The pointer of the body as a whole stands for a member whose name is too long to repeat; it contains no other fault.
function isWithin(pointer: string, outer: string): boolean {
  return outer !== '' && (pointer === outer || pointer.startsWith(`${outer}/`));
}
