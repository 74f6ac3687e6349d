import { pino } from 'pino';
import { createIsoTime } from '../kernel/iso-time.ts';
import { createLineBuffer } from './line-buffer.ts';

/** Where log lines go. Lines are whole, newline-terminated JSON. */
export interface LogSink {
  write(line: string): void;
}

/** The part of pino that the gateway uses: an object of allow-listed fields, then a constant message. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;
export interface Log {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

export interface LogOptions {
  readonly level: string;
  /** Default: standard output, buffered for at most 100 ms. */
  readonly sink?: LogSink;
}

export interface ClosableLog extends Log {
  /** Writes out what is buffered; call before exit. */
  flush(): void;
}

/**
 * A pino logger. What must not be logged is never handed to it: every call names its fields, and none of them holds
 * a key, a text, an address or a phone number.
 */
export function createLog({ level, sink }: LogOptions): ClosableLog {
  const isoTime = createIsoTime();
  const settings = { level, base: null, timestamp: () => `,"time":"${isoTime(Date.now())}"` };
  if (sink !== undefined) return withFlush(pino(settings, sink), () => {});
  const destination = pino.destination({ fd: 1, sync: true });
  const lines = createLineBuffer((text) => void destination.write(text));
  return withFlush(pino(settings, lines), () => {
    lines.flush();
    destination.flushSync();
  });
}

function withFlush(logger: Log, flush: () => void): ClosableLog {
  return {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
    flush,
  };
}
