/** An account's API keys, looked up anew for every attempt so that a replaced one takes effect at once. */
export type KeySource = () => { readonly current: string; readonly next: string | null };

export interface Keyring {
  /** The key to try first. */
  preferred(): string;
  /** The key to try when `refused` was not accepted; null if there is no other. */
  other(refused: string): string | null;
  /** Remembers a key that CommBox accepted while the other was refused, until either of them is replaced. */
  prefer(key: string): void;
  /** Whether one of the account's keys stands in these bytes. */
  isIn(bytes: Buffer): boolean;
  /** Takes the account's keys out of a text that CommBox sent, in case it echoes them. */
  redact(text: string): string;
}

// A key that was replaced during a call can still come back in its answer.
const MOST_REMEMBERED = 8;

export function createKeyring(keys: KeySource): Keyring {
  let choice: { readonly current: string; readonly accepted: string } | null = null;
  const remembered = new Set<string>();

  const both = () => {
    const { current, next } = keys();
    const held = next === null ? [current] : [current, next];
    for (const key of held) remember(key);
    return held;
  };
  const remember = (key: string) => {
    if (remembered.has(key)) return;
    remembered.add(key);
    const [oldest] = remembered;
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  };
  const known = () => {
    both();
    return [...remembered];
  };

  return {
    preferred() {
      const [current = '', next] = both();
      return next !== undefined && choice?.accepted === next && choice.current === current ? next : current;
    },
    other: (refused) => both().find((key) => key !== refused) ?? null,
    prefer(key) {
      choice = { current: keys().current, accepted: key };
    },
    isIn: (bytes) => known().some((key) => bytes.includes(key)),
    // The longest first: a key may begin with another.
    redact: (text) =>
      known()
        .sort((one, other) => other.length - one.length)
        .reduce((rest, key) => rest.replaceAll(key, '[redacted]'), text),
  };
}
