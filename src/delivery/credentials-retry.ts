import type { Attempt } from './attempt.ts';
import type { KeySource } from './keyring.ts';
import { type AttemptResult, isKeyRefused, type Message } from './message.ts';

export interface FreshKeysOptions {
  readonly attempt: Attempt;
  readonly keys: KeySource;
  /** Reads the account's key files now. */
  readonly refresh: () => Promise<unknown>;
}

/**
 * Tries an attempt once more if all keys were refused and the key files hold others meanwhile: a key that is replaced
 * in the moment that its predecessor ends costs no message. Nothing was created by what was refused.
 */
export function withFreshKeys({ attempt, keys, refresh }: FreshKeysOptions): Attempt {
  const again = async (message: Message, result: AttemptResult, before: ReturnType<KeySource>) => {
    await refresh();
    const after = keys();
    const isSame = after.current === before.current && after.next === before.next;
    return isSame ? result : attempt(message);
  };

  return async (message) => {
    const before = keys();
    const result = await attempt(message);
    return isKeyRefused(result) ? again(message, result, before) : result;
  };
}
