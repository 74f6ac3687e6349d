import { keyPattern } from './key-pattern.ts';

/** An account's API keys, looked up anew for every attempt so that a replaced one takes effect at once. */
export type KeySource = () => { readonly current: string; readonly next: string | null };

export interface Keyring {
  /** The key to try first. */
  preferred(): string;
  /** The key to try when `refused` was not accepted; null if there is no other. */
  other(refused: string): string | null;
  /** Remembers a key that CommBox accepted while the other was refused, until either of them is replaced. */
  prefer(key: string): void;
  /**
   * Takes the account's keys, however they are written, out of what CommBox sent, in case it echoes them. A text of
   * bytes is to be given as latin1. Gives the text itself if there is nothing to take out.
   */
  redact(text: string): string;
}

// A key that was replaced during a call can still come back in its answer.
const MOST_REMEMBERED = 8;

export function createKeyring(keys: KeySource): Keyring {
  let choice: { readonly current: string; readonly accepted: string } | null = null;
  const remembered = new Map<string, RegExp>();
  /** The longest first: a key may begin with another. */
  let patterns: readonly RegExp[] = [];

  const held = () => {
    const { current, next } = keys();
    remember(current);
    if (next !== null) remember(next);
    return { current, next };
  };
  const remember = (key: string) => {
    if (remembered.has(key)) return;
    remembered.set(key, keyPattern(key));
    const [oldest] = remembered.keys();
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    patterns = [...remembered].sort(([one], [other]) => other.length - one.length).map(([, pattern]) => pattern);
  };
  return {
    preferred() {
      const { current, next } = held();
      return next !== null && choice?.accepted === next && choice.current === current ? next : current;
    },
    other(refused) {
      const { current, next } = held();
      const other = current === refused ? next : current;
      return other === refused ? null : other;
    },
    prefer(key) {
      choice = { current: keys().current, accepted: key };
    },
    redact(text) {
      held();
      let rest = text;
      for (const pattern of patterns) rest = rest.replace(pattern, '[redacted]');
      return rest;
    },
  };
}
