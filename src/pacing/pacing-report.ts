import type { Period } from './circuit.ts';
import type { PacerMemory, Refusal, Role } from './role.ts';

/** What a process reports; counters only grow. */
export interface Report {
  /** It stops: nobody waits for it any more. */
  readonly isLeaving: boolean;
  readonly granted: number;
  readonly wants: number;
  readonly isPaced: boolean;
  readonly refusals: number;
  readonly refusal: Refusal | null;
  readonly reopenings: number;
  readonly reopened: Period | null;
  /** Places that it has, or that its calls still take. Not said by older versions, like the next. */
  readonly holds?: number;
  /** Of the granted calls those that ended while others waited for a place. */
  readonly bound?: number;
}

/** The parts of the processes, by name. */
export interface Division {
  /** Of the rate. */
  readonly shares: Readonly<Record<string, number>>;
  /**
   * Of the limit on calls in flight, in whole calls; of the configured one while nothing was ever refused. Not said by a
   * process that is alone, nor by older versions: then they follow from the shares.
   */
  readonly places?: Readonly<Record<string, number>>;
}

/** What the leader knows when it divides. Times are epoch milliseconds. */
export interface DivisionFacts {
  /** Of the processes that take part, the leader included. */
  readonly reports: ReadonlyMap<string, Report>;
  readonly memory: PacerMemory;
  /** Most calls that all together may ever have in flight. */
  readonly concurrency: number;
  /** What was published last, by whichever process; null = nothing yet. */
  readonly before: Division | null;
  readonly self: string;
  /** What the leader has in flight. */
  readonly inFlight: number;
  readonly now: number;
}

/** What the leader publishes. */
export interface Published extends Division {
  readonly memory: PacerMemory;
  readonly period: Period;
  readonly prober: string;
}

/** Who has nothing to send can send its first message without asking. */
export const LEAST_SHARE = 0.02;
// While there is no rate to divide, most of the number in flight need not follow the load.
const EVEN_PART = 0.5;

/** The part of the rate that each process may use: as much as it wants of all that is wanted. They add up to 1. */
export function sharesOf(reports: ReadonlyMap<string, Report>, hasRate: boolean): Record<string, number> {
  if (reports.size === 1) return Object.fromEntries([...reports.keys()].map((name) => [name, 1]));
  const total = sum([...reports.values()].map(({ wants }) => wants));
  const least = hasRate ? LEAST_SHARE : EVEN_PART / reports.size;
  const spread = 1 - least * reports.size;
  const shareOf = (wants: number) => (total === 0 ? 1 / reports.size : least + (spread * wants) / total);
  return Object.fromEntries([...reports].map(([name, { wants }]) => [name, round(shareOf(wants))]));
}

/** Whose the next probe is: the leader's, unless only others have something to send. */
export function proberOf(reports: ReadonlyMap<string, Report>, leader: string): string {
  if ((reports.get(leader)?.wants ?? 0) > 0) return leader;
  return [...reports].reduce((one, other) => (other[1].wants > one[1].wants ? other : one))[0];
}

/**
 * The part of the process `self` in what is published. One that is not named yet has next to nothing: where CommBox
 * limits calls it asks for its first place, else it begins with one, since whoever divides may have just died.
 */
export function roleOf(
  { memory, shares, places, prober }: Published,
  reports: ReadonlyMap<string, Report>,
  self: string,
  leads: boolean,
): Role {
  const unnamed = memory.learned.rate === null ? 1 : 0;
  const others = [...reports].filter(([name]) => name !== self);
  return {
    leads,
    mayProbe: prober === self,
    share: shares[self] ?? LEAST_SHARE,
    ...(places === undefined ? {} : { places: places[self] ?? unnamed }),
    othersWant: sum(others.map(([, { wants }]) => wants)),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const round = (share: number) => Math.round(share * 1_000) / 1_000;
