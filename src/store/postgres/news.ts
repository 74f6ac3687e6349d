import { randomUUID } from 'node:crypto';

/** What a process tells the others. `id` is null where it concerns many messages, or where news may have been missed. */
export interface Change {
  readonly kind: 'ready' | 'settled';
  readonly id: string | null;
}

/** News of one process on its way to the others. */
export interface News {
  /** Null ids stand for "many". */
  add(kind: Change['kind'], ids: readonly string[] | null): void;
  /** Everything that was added since the last call, as texts that fit a notification each. */
  take(): string[];
  /** Reads a text of another process; nothing for one's own. */
  read(text: string): readonly Change[];
}

// A notification holds less than 8000 bytes.
const IDS_PER_TEXT = 100;
// Beyond this the others are told to look for themselves.
const MOST_IDS = 2_000;

export function createNews(): News {
  const sender = randomUUID();
  const settled = new Set<string>();
  let isReady = false;
  let manySettled = false;

  return {
    add(kind, ids) {
      if (kind === 'ready') isReady = true;
      else if (ids === null || settled.size + ids.length > MOST_IDS) manySettled = true;
      else for (const id of ids) settled.add(id);
    },
    take() {
      const ids = manySettled ? [] : [...settled];
      const texts = isReady ? [`${sender} ready`] : [];
      if (manySettled) texts.push(`${sender} settled`);
      for (let at = 0; at < ids.length; at += IDS_PER_TEXT) {
        texts.push([sender, 'settled', ...ids.slice(at, at + IDS_PER_TEXT)].join(' '));
      }
      isReady = false;
      manySettled = false;
      settled.clear();
      return texts;
    },
    read(text) {
      const [from, kind, ...ids] = text.split(' ');
      if (from === sender || (kind !== 'ready' && kind !== 'settled')) return [];
      return ids.length === 0 ? [{ kind, id: null }] : ids.map((id) => ({ kind, id }));
    },
  };
}
