import type { Clock } from '../../kernel/clock.ts';

/** Sees to it that erased content leaves the write-ahead log, at the latest a minute later. */
export interface LogTruncation {
  /** Content was erased. */
  request(): void;
  cancel(): void;
}

// Half of what is promised, so that there is time to try again.
const AFTER_MS = 30_000;
const AGAIN_MS = 5_000;

/** `truncate` resolves with false if it must be tried again. */
export function createLogTruncation(clock: Clock, truncate: () => Promise<boolean>): LogTruncation {
  let cancelTimer: (() => void) | null = null;

  const schedule = (delayMs: number) => {
    cancelTimer ??= clock.schedule(delayMs, () => {
      cancelTimer = null;
      truncate().then(
        (isDone) => isDone || schedule(AGAIN_MS),
        () => schedule(AGAIN_MS),
      );
    });
  };

  return {
    request: () => schedule(AFTER_MS),
    cancel() {
      cancelTimer?.();
      cancelTimer = null;
    },
  };
}
