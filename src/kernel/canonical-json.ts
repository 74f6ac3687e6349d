import { endOfString } from './json-text.ts';

/** An object or a list whose end has not been read yet. */
interface Container {
  /** Canonical items of a list, joined. */
  text: string;
  /** Members of an object; null for a list. */
  readonly members: Member[] | null;
  /** Name of the member whose value comes next. */
  name: string | null;
}

interface Member {
  readonly name: string;
  readonly text: string;
}

const BETWEEN_TOKENS = ' \t\n\r,:';
const AFTER_NUMBER_OR_WORD = `${BETWEEN_TOKENS}]}`;

/**
 * One text for all JSON texts that say the same: no white space, members sorted by the UTF-16 code units of their names,
 * strings escaped as `JSON.stringify` does, numbers with the digits of their source (`1.0` is not `1`, nor `1e2` `100`).
 * Members of one name are all kept, in the order in which they came, since readers differ in which of them counts.
 * Takes nearly linear time and no stack, however deep the text nests.
 *
 * @throws {SyntaxError} for a text that is not JSON; it does not quote the text.
 */
export function canonicalJson(text: string): string {
  refuseOther(text);
  const outer: Container[] = [];
  let current = newList();
  for (let at = tokenFrom(text, 0); at < text.length; at = tokenFrom(text, at)) {
    const first = text[at];
    let end = at + 1;
    if (first === '{' || first === '[') {
      outer.push(current);
      current = first === '{' ? newObject() : newList();
    } else if (first === '}' || first === ']') {
      const value = closed(current);
      current = outer.pop() ?? newList();
      add(current, value);
    } else if (first === '"') {
      end = endOfString(text, at);
      addString(current, text.slice(at, end));
    } else {
      end = endOfWord(text, at);
      add(current, text.slice(at, end));
    }
    at = end;
  }
  return current.text;
}

// All that follows may rely on valid JSON. V8's own message would quote the text, which may be personal.
function refuseOther(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw new SyntaxError('must be valid JSON');
  }
}

function newList(): Container {
  return { text: '', members: null, name: null };
}

function newObject(): Container {
  return { text: '', members: [], name: null };
}

// Texts are added up rather than joined: V8 then copies each character once at the end, not once for every level.
function add(container: Container, value: string): void {
  if (container.members === null) {
    container.text += container.text === '' ? value : `,${value}`;
    return;
  }
  container.members.push({ name: container.name ?? '', text: value });
  container.name = null;
}

function addString(container: Container, source: string): void {
  const isName = container.members !== null && container.name === null;
  // Without an escape, and without half a surrogate pair, a string is canonical as it stands.
  const isCanonical = !source.includes('\\') && source.isWellFormed();
  if (!isName) add(container, isCanonical ? source : JSON.stringify(JSON.parse(source)));
  else container.name = isCanonical ? source.slice(1, -1) : String(JSON.parse(source));
}

function closed({ members, text }: Container): string {
  if (members === null) return `[${text}]`;
  // The sort is stable (ECMA-262, Array.prototype.sort), which keeps members of one name in their order.
  members.sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));
  let joined = '';
  for (const { name, text: value } of members) joined += `${joined === '' ? '' : ','}${JSON.stringify(name)}:${value}`;
  return `{${joined}}`;
}

function tokenFrom(text: string, at: number): number {
  let start = at;
  while (start < text.length && BETWEEN_TOKENS.includes(text.charAt(start))) start++;
  return start;
}

function endOfWord(text: string, at: number): number {
  let end = at;
  while (end < text.length && !AFTER_NUMBER_OR_WORD.includes(text.charAt(end))) end++;
  return end;
}
