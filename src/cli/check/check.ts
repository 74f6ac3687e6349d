import type { Clock } from '../../kernel/clock.ts';
import { explainFailure } from '../../kernel/failure-words.ts';

/** `failed`: the gateway could not start, or not send. `warning`: it can, but somebody should look. */
export type CheckStatus = 'ok' | 'warning' | 'failed';

/** What was found out about one thing. Holds no secret, so that it can be shown and piped anywhere. */
export interface Check {
  readonly status: CheckStatus;
  /** The thing, such as `store` or `key of default`. */
  readonly name: string;
  /** One line for a person. */
  readonly detail: string;
  /** RFC 3339; only for a key whose end is known. */
  readonly endsAt?: string;
  /** Whole days until then, negative once it is past. */
  readonly daysLeft?: number;
}

/** No check takes longer, whatever does not answer. */
export const CHECK_TIMEOUT_MS = 10_000;

export const ok = (name: string, detail: string): Check => ({ status: 'ok', name, detail });
export const warning = (name: string, detail: string): Check => ({ status: 'warning', name, detail });
export const failed = (name: string, detail: string): Check => ({ status: 'failed', name, detail });

/**
 * Runs a task that gives checks. One that does not end in time, or throws, becomes a failed check `name`; `giveUp` then
 * frees what still holds the process. Never rejects.
 */
export function bounded(
  clock: Clock,
  name: string,
  task: () => Promise<readonly Check[]> | readonly Check[],
  giveUp: () => void = () => undefined,
): Promise<readonly Check[]> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(CHECK_TIMEOUT_MS, () => {
      resolve([failed(name, `no result within ${CHECK_TIMEOUT_MS / 1000} s`)]);
      giveUp();
    });
    Promise.resolve()
      .then(task)
      .catch((error: unknown) => [failed(name, explainFailure(error))])
      .then((checks) => {
        cancel();
        resolve(checks);
      });
  });
}
