import type { Period } from './circuit.ts';
import type { PacerMemory, Refusal } from './role.ts';

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
}

/** What the leader publishes. */
export interface Published {
  readonly memory: PacerMemory;
  readonly period: Period;
  readonly shares: Readonly<Record<string, number>>;
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

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const round = (share: number) => Math.round(share * 1_000) / 1_000;
