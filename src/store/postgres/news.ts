import { randomUUID } from 'node:crypto';
import type { StoreChange } from '../requests.ts';

/** What processes tell each other. `id` is null where it concerns many, or where news may have been missed. */
export type Kind = StoreChange['kind'];

/** News of one process on its way to the others. */
export interface News {
  /** Null ids stand for "many". */
  add(kind: Kind, ids: readonly string[] | null): void;
  /** Everything that was added since the last call, as texts that fit a notification each. */
  take(): string[];
  /** Reads a text of another process; nothing for one's own. */
  read(text: string): readonly StoreChange[];
}

export const kinds: readonly Kind[] = ['ready', 'settled', 'pacing', 'pauses'];

// A notification holds less than 8000 bytes.
const BYTES_PER_TEXT = 7_000;
// Beyond this the others are told to look for themselves.
const MOST_IDS = 2_000;

/** Ids of one kind, until they are so many that they are not worth telling. */
type Ids = Set<string> | 'many';

export function createNews(): News {
  const sender = randomUUID();
  const pending = new Map<Kind, Ids>();

  return {
    add(kind, ids) {
      const known = pending.get(kind) ?? new Set();
      if (known === 'many') return;
      for (const id of ids ?? []) known.add(encodeURIComponent(id));
      pending.set(kind, ids === null || known.size > MOST_IDS ? 'many' : known);
    },
    take() {
      const texts = [...pending].flatMap(([kind, ids]) =>
        ids === 'many' ? [`${sender} ${kind}`] : textsOf(`${sender} ${kind}`, ids),
      );
      pending.clear();
      return texts;
    },
    read(text) {
      const [from, name, ...ids] = text.split(' ');
      const kind = kinds.find((known) => known === name);
      if (from === sender || kind === undefined) return [];
      return ids.length === 0 ? [{ kind, id: null }] : ids.map((id) => ({ kind, id: decodeURIComponent(id) }));
    },
  };
}

function textsOf(head: string, ids: ReadonlySet<string>): string[] {
  const texts: string[] = [];
  let text = head;
  for (const id of ids) {
    if (text.length + 1 + id.length > BYTES_PER_TEXT && text !== head) {
      texts.push(text);
      text = head;
    }
    text += ` ${id}`;
  }
  return text === head ? texts : [...texts, text];
}
