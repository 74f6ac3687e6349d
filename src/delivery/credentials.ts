import type { KeyVerdict } from '../commbox/system-status.ts';
import type { Clock } from '../kernel/clock.ts';
import { jwtExpiry } from '../kernel/jwt-expiry.ts';
import { latestEnd } from './credentials-expiry.ts';
import type { Keyring } from './keyring.ts';

/**
 * `checking`: a message was refused, and CommBox is asked whether the keys are to blame; attempts go on meanwhile.
 * `refused`: no attempt starts.
 */
export type CredentialState = 'ok' | 'checking' | 'refused';

/** Why an account is `refused`; `gone` = the configuration has it no more. */
export type RefusalCause = 'refused' | 'undecided' | 'gone';

/** What a refused message is told: whether it or its account is at fault. */
export type Blame = 'message' | 'account';

/** How often CommBox is asked again about refused keys. */
export const ASK_AGAIN_MS = 15_000;
/** How long an answer about a key is waited for. */
const ASK_TIMEOUT_MS = 5_000;
/**
 * Unclear answers in a row after which attempts go on: a system status that is broken for itself must not hold an
 * account of which only one message was refused.
 */
const MOST_UNCLEAR = 4;

/** Whether CommBox takes an account's keys, and what follows if it does not. */
export interface Credentials {
  state(): CredentialState;
  /** Null unless `refused`. */
  cause(): RefusalCause | null;
  /**
   * Finds out whose fault it is that CommBox refused a message with every key: `message` = the keys work, so it alone
   * fails; `account` = the account is paused, and the message, of which nothing was created, can wait. Calls at the
   * same time share one question. Never rejects.
   */
  refused(): Promise<Blame>;
  /** A key was replaced, or the way to CommBox: a refused account is asked about at once. */
  keysChanged(): void;
  /** The configuration has the account no more: it is refused until `restore`, and nobody asks about it. */
  retire(): void;
  restore(): void;
  /** When the last of the keys ends by its own word, in epoch milliseconds; null if none says. */
  expiresAt(): number | null;
  stop(): void;
}

export interface CredentialsOptions {
  readonly keyring: Keyring;
  /** Asks CommBox's system status about one key. Must not reject. */
  readonly ask: (key: string) => Promise<KeyVerdict>;
  readonly clock: Clock;
  /** Called after each change of the state or its cause. */
  readonly onChange: (state: CredentialState, cause: RefusalCause | null) => void;
}

export function createCredentials({ keyring, ask, clock, onChange }: CredentialsOptions): Credentials {
  let state: CredentialState = 'ok';
  let cause: RefusalCause | null = null;
  let unclearInRow = 0;
  let checking: Promise<Blame> | null = null;
  let hasNews = false;
  let cancelNext: (() => void) | null = null;
  let isStopped = false;

  const enter = (next: CredentialState, why: RefusalCause | null = null) => {
    if (state === next && cause === why) return;
    state = next;
    cause = why;
    onChange(state, cause);
  };

  const inTime = (question: Promise<KeyVerdict>): Promise<KeyVerdict> =>
    new Promise((resolve) => {
      const cancel = clock.schedule(ASK_TIMEOUT_MS, () => resolve('unclear'));
      question.then((verdict) => {
        cancel();
        resolve(verdict);
      });
    });

  /** The preferred key first. */
  const held = () => {
    const first = keyring.preferred();
    const other = keyring.other(first);
    return other === null ? [first] : [first, other];
  };

  /** One key that works is enough; only when all are refused is the account. */
  const judgeKeys = async (): Promise<KeyVerdict> => {
    const verdicts = [];
    for (const key of held()) {
      const verdict = await inTime(ask(key));
      if (verdict === 'accepted') keyring.prefer(key);
      if (verdict === 'accepted') return verdict;
      verdicts.push(verdict);
    }
    return verdicts.includes('unclear') ? 'unclear' : 'refused';
  };

  const check = async (): Promise<Blame> => {
    let verdict: KeyVerdict;
    do {
      hasNews = false;
      verdict = await judgeKeys();
      // A key that came during the question has not been asked about.
    } while (hasNews && verdict !== 'accepted');
    checking = null;
    return isStopped || cause === 'gone' ? 'account' : conclude(verdict);
  };

  const conclude = (verdict: KeyVerdict): Blame => {
    unclearInRow = verdict === 'unclear' ? unclearInRow + 1 : 0;
    const mayGoOn = verdict === 'accepted' || unclearInRow > MOST_UNCLEAR;
    if (mayGoOn) {
      unclearInRow = 0;
      enter('ok');
      return 'message';
    }
    cancelNext = clock.schedule(ASK_AGAIN_MS, () => void verify());
    enter('refused', verdict === 'unclear' ? 'undecided' : 'refused');
    return 'account';
  };

  const verify = (): Promise<Blame> => {
    cancelNext?.();
    cancelNext = null;
    checking ??= check();
    return checking;
  };

  return {
    state: () => state,
    cause: () => cause,
    async refused() {
      if (state === 'refused' || isStopped) return 'account';
      enter('checking');
      return verify();
    },
    keysChanged() {
      hasNews = true;
      if (state === 'refused' && cause !== 'gone' && !isStopped) void verify();
    },
    retire() {
      cancelNext?.();
      enter('refused', 'gone');
    },
    restore() {
      hasNews = true;
      if (cause === 'gone') enter('ok');
    },
    expiresAt: () => latestEnd(held().map(jwtExpiry)),
    stop() {
      isStopped = true;
      cancelNext?.();
    },
  };
}
