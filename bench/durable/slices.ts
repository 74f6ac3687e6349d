import { ticksPerSecond } from '../lib/cpu.ts';
import type { SliceResult } from '../lib/load.ts';
import { pairedRatio, rotated, type Spread, spreadOf } from '../lib/stats.ts';
import type { Rig, StartedSubject } from './rig.ts';

/** How long everything takes. */
export interface DurableTimes {
  readonly slices: number;
  readonly seconds: number;
  /** CPU time that each process uses before it is measured. */
  readonly warmUpSeconds: number;
  readonly progress: (line: string) => void;
}

/** What was seen of one process, over all rounds. */
export interface LoadFigures {
  readonly title: string;
  readonly requestsPerSecond: Spread;
  readonly cpuMicroseconds: Spread;
  readonly p99Ms: Spread;
  /** Share of its core that it used, 0 to 1. */
  readonly coreUse: Spread;
  /** Share of a core that strangers used meanwhile. */
  readonly strangers: Spread;
  /** Requests per second against the first of the list, in the same rounds. */
  readonly toFirst: Spread;
  readonly cpuToFirst: Spread;
}

const LEAD_IN_SECONDS = 0.5;

/** V8 compiles for as long as the process computes, so a warm-up is over after CPU time, not after time. */
export async function warmUp(rig: Rig, started: StartedSubject, cpuSeconds: number): Promise<number> {
  const enough = cpuSeconds * ticksPerSecond();
  let requests = 0;
  for (let used = 0; used < enough; ) {
    const slice = await rig.run(started, { leadInSeconds: 0, seconds: 1 });
    used += slice.cpuTicks;
    requests += slice.requests;
  }
  return requests;
}

/** Measures all of them in rounds, each round in another order. Resolves with the slices of each, in the order given. */
export async function measureRounds(
  rig: Rig,
  all: readonly StartedSubject[],
  { slices, seconds, warmUpSeconds, progress }: DurableTimes,
): Promise<SliceResult[][]> {
  for (const one of all) {
    progress(`warming up: ${one.subject.title}`);
    await warmUp(rig, one, warmUpSeconds);
  }
  const results = new Map<StartedSubject, SliceResult[]>(all.map((one) => [one, []]));
  for (let round = 0; round < slices; round++) {
    for (const one of rotated(all, round)) {
      const result = await rig.run(one, { leadInSeconds: LEAD_IN_SECONDS, seconds });
      results.get(one)?.push(result);
      progress(`round ${round + 1}/${slices}: ${one.subject.title}: ${Math.round(rateOf(result))}/s`);
    }
  }
  return [...results.values()];
}

/** The figures of each, where `series` are slices of the same rounds. */
export function figuresOf(titles: readonly string[], series: readonly (readonly SliceResult[])[]): LoadFigures[] {
  const ticks = ticksPerSecond();
  const cpuOf = ({ cpuTicks, requests }: SliceResult) => (cpuTicks / ticks / requests) * 1e6;
  const [first = []] = series;
  return series.map((slices, index) => ({
    title: titles[index] ?? '',
    requestsPerSecond: spreadOf(slices.map(rateOf)),
    cpuMicroseconds: spreadOf(slices.map(cpuOf)),
    p99Ms: spreadOf(slices.map(({ p99Ms }) => p99Ms)),
    coreUse: spreadOf(slices.map(({ cpuTicks, seconds }) => cpuTicks / ticks / seconds)),
    strangers: spreadOf(slices.map(({ strangerTicks, seconds }) => strangerTicks / ticks / seconds)),
    toFirst: pairedRatio(slices.map(rateOf), first.map(rateOf)),
    cpuToFirst: pairedRatio(slices.map(cpuOf), first.map(cpuOf)),
  }));
}

export function rateOf({ requests, seconds }: SliceResult): number {
  return requests / seconds;
}
