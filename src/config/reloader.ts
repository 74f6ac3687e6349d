import type { Clock } from '../kernel/clock.ts';
import { errorFields } from '../observability/error-fields.ts';
import type { Log } from '../observability/log.ts';
import { ConfigError } from './problems.ts';

/** How often the YAML file is read. A watch on it would miss Kubernetes' way of swapping a link. */
export const FILE_POLL_MS = 1_000;

/** Applies the YAML file anew when its content changes, or on demand. */
export interface Reloader {
  /** Begins to read the file again and again. */
  start(): void;
  /** Reads the file now, as on SIGHUP. Resolves when what stands there is applied, or the log says why it is not. */
  reload(): Promise<void>;
  stop(): void;
}

export interface ReloaderOptions<Loaded> {
  /** The file's text; null if there is none. Rejects with a `ConfigError` if it cannot be read. */
  readonly read: () => Promise<string | null>;
  /** Judges a text. Rejects with a `ConfigError` that lists every problem and holds no values. */
  readonly load: (text: string) => Promise<Loaded>;
  /** Puts what was loaded in force, all of it at once. */
  readonly apply: (loaded: Loaded) => void;
  /** The text in force at the start. */
  readonly loadedText: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

const GONE = 'the file is gone; allowed: a readable file (an empty one takes callers, streams and accounts away)';

/**
 * A changed text counts once it stood for a whole interval: a file that is being written can look whole when it is
 * not. One that cannot be used changes nothing; its problems are logged once, and it is tried again until it is mended,
 * since a key file that it names may turn up.
 */
export function createReloader<Loaded>(options: ReloaderOptions<Loaded>): Reloader {
  const { read, load, apply, clock, log } = options;
  let inForce = options.loadedText;
  let lastSeen = inForce;
  let told: string | null = null;
  let cancel: (() => void) | null = null;
  let isStopped = false;
  let work = Promise.resolve();

  const complain = (error: unknown) => {
    const problems =
      error instanceof ConfigError ? error.problems.map(({ name, message }) => `${name}: ${message}`) : null;
    const fields = problems === null ? errorFields(error) : { problems };
    const complaint = JSON.stringify(fields);
    if (complaint === told) return;
    told = complaint;
    log.error(fields, 'the configuration cannot be used; the old one stays in force');
  };

  const check = async (isForced: boolean): Promise<void> => {
    const text = await read();
    if (text === null && inForce !== null) throw new ConfigError([{ name: 'GATEWAY_CONFIG', message: GONE }]);
    const isSettled = isForced || text === lastSeen;
    lastSeen = text;
    if (text === inForce) {
      if (told !== null || isForced) log.info({}, 'the configuration is unchanged');
      told = null;
    } else if (text !== null && isSettled) {
      const loaded = await load(text);
      if (isStopped) return;
      apply(loaded);
      inForce = text;
      told = null;
      log.info({}, 'the configuration was reloaded');
    }
  };

  // One after the other: two that overlap could put the older text in force last.
  const enqueue = (isForced: boolean): Promise<void> => {
    work = work.then(() => check(isForced)).catch(complain);
    return work;
  };

  const poll = () => {
    cancel = clock.schedule(FILE_POLL_MS, () => {
      enqueue(false).then(() => {
        if (!isStopped) poll();
      });
    });
  };

  return {
    start: poll,
    reload() {
      // Whoever asks wants to hear of a problem again.
      told = null;
      return enqueue(true);
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
