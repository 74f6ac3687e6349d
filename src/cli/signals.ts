import { errorFields } from '../observability/error-fields.ts';
import type { ClosableLog } from '../observability/log.ts';

export interface RunOptions {
  readonly log: ClosableLog;
  readonly close: () => Promise<void>;
  /** When the process leaves though `close` goes on, in milliseconds after the signal. Default: it waits. */
  readonly leaveAfterMs?: number;
  /** What SIGHUP does; without it, the signal is ignored. */
  readonly reload?: () => Promise<void>;
}

/**
 * Keeps the process until SIGTERM or SIGINT, then closes; a second signal ends it at once, with code 1. What nobody
 * caught is logged without its message, which may quote anything, and ends the process too. Resolves with the exit code.
 */
export async function runUntilSignal({ log, close, reload, leaveAfterMs }: RunOptions): Promise<number> {
  const leave = (code: number): never => {
    log.flush();
    process.exit(code);
  };
  const onCrash = (error: unknown) => {
    log.error({ ...errorFields(error) }, 'crashed');
    leave(1);
  };
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);

  // By default it would end the process, which nobody who wants a reload means.
  process.on('SIGHUP', () => {
    if (reload === undefined) return log.warn({}, 'SIGHUP ignored: this command has nothing to reload');
    log.info({}, 'SIGHUP: reading configuration and keys');
    reload().catch(onCrash);
  });

  const signal = await waitForSignal();
  process.on('SIGTERM', () => leave(1));
  process.on('SIGINT', () => leave(1));
  log.info({ signal }, 'closing');
  if (leaveAfterMs !== undefined) {
    const leaveLate = () => {
      log.error({ afterMs: leaveAfterMs }, 'closing took too long');
      leave(1);
    };
    setTimeout(leaveLate, leaveAfterMs).unref();
  }
  await close();
  log.info({}, 'closed');
  log.flush();
  return 0;
}

/** Resolves with the name of the first SIGTERM or SIGINT. */
export function waitForSignal(): Promise<string> {
  // From here on a signal means an orderly end, not the one that holds during the start.
  process.removeAllListeners('SIGTERM');
  process.removeAllListeners('SIGINT');
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
