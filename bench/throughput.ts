import { type Contender, type ContenderName, contenders } from './contenders.ts';
import { type CoreSplit, ticksPerSecond } from './lib/cpu.ts';
import type { SliceResult } from './lib/load.ts';
import { pairedRatio, rotated, type Spread, spreadOf } from './lib/stats.ts';
import { openStage, type Running, type Stage } from './stage.ts';

export interface ThroughputOptions {
  readonly cores: CoreSplit;
  /** Rounds; each contender is measured once in each. */
  readonly slices: number;
  readonly seconds: number;
  /** CPU time that each contender uses before it is measured. */
  readonly warmUpSeconds: number;
  readonly progress: (line: string) => void;
}

/** What was seen of one contender, over all rounds. */
export interface ThroughputFigures {
  readonly name: ContenderName;
  readonly title: string;
  readonly requestsPerSecond: Spread;
  /** CPU time of the contender's processes per completed request. */
  readonly cpuMicroseconds: Spread;
  readonly p99Ms: Spread;
  /** Share of its core that it used, 0 to 1: below about 0.95 something else was the limit. */
  readonly coreUse: Spread;
  /** Share of a core that strangers used meanwhile. */
  readonly strangers: Spread;
  /** Against the bare hop and `@fastify/http-proxy` in the same round. */
  readonly throughputToBare: Spread;
  readonly throughputToProxy: Spread;
  readonly cpuToBare: Spread;
}

const LEAD_IN_SECONDS = 0.5;
/** Share of one core. */
const STRANGERS_TOLERATED = 0.1;
const MOST_TRIES = 4;

/**
 * Measures all contenders in rounds, each round in another order. All of them run all the time, so that none is
 * measured colder than the others; those that wait use no CPU time.
 * @throws if a request fails.
 */
export async function measureThroughput(options: ThroughputOptions): Promise<ThroughputFigures[]> {
  const { slices, seconds, warmUpSeconds, progress } = options;
  await using stage = await openStage(options.cores);
  const running = [];
  for (const contender of contenders) {
    progress(`warming up: ${contender.title}`);
    const started = await stage.start(contender);
    await warmUp(stage, started, warmUpSeconds);
    running.push(started);
  }
  const results = new Map<Contender, SliceResult[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < slices; round++) {
    for (const one of rotated(running, round)) {
      const result = await quietSlice(stage, one, seconds);
      results.get(one.contender)?.push(result);
      progress(`round ${round + 1}/${slices}: ${one.contender.title}: ${Math.round(rateOf(result))}/s`);
    }
  }
  return figuresOf(results);
}

/** V8 compiles for as long as the process computes, so a warm-up is over after CPU time, not after time. */
async function warmUp(stage: Stage, running: Running, cpuSeconds: number): Promise<void> {
  const enough = cpuSeconds * ticksPerSecond();
  for (let used = 0; used < enough; ) {
    const { cpuTicks } = await stage.run(running, { leadInSeconds: 0, seconds: 1 });
    used += cpuTicks;
  }
}

/** A slice that strangers' processes disturbed is measured again; the least disturbed one counts, whatever it shows. */
async function quietSlice(stage: Stage, running: Running, seconds: number): Promise<SliceResult> {
  const tolerated = seconds * ticksPerSecond() * STRANGERS_TOLERATED;
  const tries: SliceResult[] = [];
  for (let left = MOST_TRIES; left > 0; left--) {
    const result = await stage.run(running, { leadInSeconds: LEAD_IN_SECONDS, seconds });
    if (result.strangerTicks <= tolerated) return result;
    tries.push(result);
  }
  return tries.reduce((best, one) => (one.strangerTicks < best.strangerTicks ? one : best));
}

function figuresOf(results: ReadonlyMap<Contender, readonly SliceResult[]>): ThroughputFigures[] {
  const ticks = ticksPerSecond();
  const cpuOf = ({ cpuTicks, requests }: SliceResult) => (cpuTicks / ticks / requests) * 1e6;
  const seriesOf = (name: ContenderName) => [...results].find(([contender]) => contender.name === name)?.[1] ?? [];
  const bare = seriesOf('bare');
  const proxy = seriesOf('fastify-http-proxy');

  return [...results].map(([{ name, title }, series]) => ({
    name,
    title,
    requestsPerSecond: spreadOf(series.map(rateOf)),
    cpuMicroseconds: spreadOf(series.map(cpuOf)),
    p99Ms: spreadOf(series.map((slice) => slice.p99Ms)),
    coreUse: spreadOf(series.map(({ cpuTicks, seconds }) => cpuTicks / ticks / seconds)),
    strangers: spreadOf(series.map(({ strangerTicks, seconds }) => strangerTicks / ticks / seconds)),
    throughputToBare: pairedRatio(series.map(rateOf), bare.map(rateOf)),
    throughputToProxy: pairedRatio(series.map(rateOf), proxy.map(rateOf)),
    cpuToBare: pairedRatio(series.map(cpuOf), bare.map(cpuOf)),
  }));
}

function rateOf({ requests, seconds }: SliceResult): number {
  return requests / seconds;
}
