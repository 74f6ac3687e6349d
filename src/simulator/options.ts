import { parseArgs } from 'node:util';
import type { SimulatorOptions } from './server.ts';
import type { RetryAfterStyle, Throttle } from './throttle.ts';

/** A command line that can't be used. The message names the option and what it allows. */
export class SimulatorUsageError extends Error {
  override readonly name = 'SimulatorUsageError';
}

const text = { type: 'string' } as const;
const list = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;
/** Every option, in the form `parseArgs` of node:util takes. */
export const simulatorFlags = {
  host: text,
  port: text,
  key: list,
  stream: list,
  rate: text,
  burst: text,
  limit: text,
  window: text,
  sliding: flag,
  concurrency: text,
  'per-stream': flag,
  'retry-after': text,
  penalty: text,
  latency: text,
  jitter: text,
  'error-rate': text,
  'error-recorded': text,
  'reset-before': text,
  'reset-after': text,
  seed: text,
  'first-id': text,
  keep: text,
  'keep-alive': text,
  help: flag,
} as const;

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: simulatorFlags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new SimulatorUsageError(error instanceof Error ? error.message : String(error));
  }
}

type Flags = ReturnType<typeof readFlags>;

interface Bounds {
  readonly least: number;
  readonly most?: number;
  readonly whole?: boolean;
}

function numberOf(flags: Flags, name: keyof Flags, { least, most, whole = false }: Bounds): number | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  const number = value === '' ? Number.NaN : Number(value);
  if (
    Number.isFinite(number) &&
    number >= least &&
    number <= (most ?? number) &&
    (!whole || Number.isInteger(number))
  ) {
    return number;
  }
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new SimulatorUsageError(`--${name}: ${whole ? 'a whole number' : 'a number'} ${range}`);
}

const millis: Bounds = { least: 0 };
const share: Bounds = { least: 0, most: 1 };
const calls: Bounds = { least: 1, whole: true };

function retryAfterOf(value: string | undefined): RetryAfterStyle {
  if (value === undefined) return 'none';
  if (value === 'none' || value === 'seconds' || value === 'date') return value;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  throw new SimulatorUsageError('--retry-after: none, seconds, date, or a number');
}

function throttlesOf(flags: Flags): Throttle[] {
  const shared = {
    scope: flags['per-stream'] ? 'stream' : 'account',
    retryAfter: retryAfterOf(flags['retry-after']),
    penaltyMs: numberOf(flags, 'penalty', millis) ?? 0,
  } as const;
  const rate = numberOf(flags, 'rate', { least: 0.001 });
  const burst = numberOf(flags, 'burst', { least: 1 });
  const limit = numberOf(flags, 'limit', calls);
  const windowMs = numberOf(flags, 'window', { least: 1 });
  const concurrency = numberOf(flags, 'concurrency', calls);
  if (burst !== undefined && rate === undefined) throw new SimulatorUsageError('--burst: only together with --rate');
  if ((windowMs !== undefined || flags.sliding) && limit === undefined) {
    throw new SimulatorUsageError('--window and --sliding: only together with --limit');
  }
  const throttles: Throttle[] = [];
  if (rate !== undefined) throttles.push({ model: 'tokenBucket', rate, burst: burst ?? Math.max(1, rate), ...shared });
  if (limit !== undefined) {
    const model = flags.sliding ? 'slidingWindow' : 'fixedWindow';
    throttles.push({ model, limit, windowMs: windowMs ?? 60_000, ...shared });
  }
  if (concurrency !== undefined) throttles.push({ model: 'concurrency', limit: concurrency, ...shared });
  return throttles;
}

function firstIdOf(value: string | undefined): bigint {
  if (value === undefined) return 294159n;
  if (!/^[1-9]\d{0,18}$/.test(value)) throw new SimulatorUsageError('--first-id: a positive whole number of 64 bits');
  return BigInt(value);
}

/** What a command line says, defaults included. */
export type StatedOptions = SimulatorOptions & Required<Pick<SimulatorOptions, 'host' | 'port'>>;

/** Reads the command line of `commbox-gateway simulator`. Throws `SimulatorUsageError`. */
export function parseSimulatorArgs(argv: readonly string[]): { options: StatedOptions; help: boolean } {
  const flags = readFlags(argv);
  const options: StatedOptions = {
    host: flags.host ?? '127.0.0.1',
    port: numberOf(flags, 'port', { least: 0, most: 65535, whole: true }) ?? 4010,
    keys: flags.key ?? null,
    streams: flags.stream ?? null,
    throttles: throttlesOf(flags),
    latency: { ms: numberOf(flags, 'latency', millis) ?? 0, jitterMs: numberOf(flags, 'jitter', millis) ?? 0 },
    errorRate: numberOf(flags, 'error-rate', share) ?? 0,
    errorRecordedRate: numberOf(flags, 'error-recorded', share) ?? 0,
    resetBeforeRate: numberOf(flags, 'reset-before', share) ?? 0,
    resetAfterRate: numberOf(flags, 'reset-after', share) ?? 0,
    seed: numberOf(flags, 'seed', { least: 0, whole: true }) ?? 1,
    firstObjectId: firstIdOf(flags['first-id']),
    keepCalls: numberOf(flags, 'keep', calls) ?? 10_000,
    keepAliveTimeoutMs: numberOf(flags, 'keep-alive', millis) ?? 5000,
  };
  return { options, help: flags.help ?? false };
}
