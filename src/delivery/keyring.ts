/** An account's API keys, looked up anew for every attempt so that a replaced one takes effect at once. */
export type KeySource = () => { readonly current: string; readonly next: string | null };

export interface Keyring {
  /** The key to try first. */
  preferred(): string;
  /** The key to try when `refused` was not accepted; null if there is no other. */
  other(refused: string): string | null;
  /** Remembers a key that CommBox accepted while the other was refused. */
  prefer(key: string): void;
  /** Whether one of the account's keys stands in these bytes. */
  isIn(bytes: Buffer): boolean;
  /** Takes the account's keys out of a text that CommBox sent, in case it echoes them. */
  redact(text: string): string;
}

export function createKeyring(keys: KeySource): Keyring {
  let accepted: string | null = null;
  const both = () => {
    const { current, next } = keys();
    return next === null ? [current] : [current, next];
  };

  return {
    preferred() {
      const { current, next } = keys();
      return accepted !== null && accepted === next ? next : current;
    },
    other: (refused) => both().find((key) => key !== refused) ?? null,
    prefer(key) {
      accepted = key;
    },
    isIn: (bytes) => both().some((key) => bytes.includes(key)),
    redact: (text) => both().reduce((rest, key) => rest.replaceAll(key, '[redacted]'), text),
  };
}
