import { isDeepStrictEqual } from 'node:util';
import { type Lane, lanes } from '../channels/channel.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Pacer } from '../pacing/pacer.ts';
import type { PacerState } from '../pacing/pacer-state.ts';
import type { Stops } from '../pacing/stops.ts';
import type { FlowBacklog, Pause } from '../store/flows.ts';
import type { Store } from '../store/store.ts';
import type { Credentials } from './credentials.ts';
import type { Dispatcher } from './dispatcher.ts';

/** How an account stands, and what waits for it. */
export interface AccountPacing {
  readonly account: string;
  readonly pacer: PacerState;
  /** CommBox refuses its keys: nothing is sent. */
  readonly isHeld: boolean;
  readonly backlog: readonly LaneBacklog[];
  readonly stops: readonly Pause[];
}

export interface LaneBacklog {
  readonly lane: Lane;
  /** Messages that are queued, stored ones and those whose callers wait. */
  readonly queued: number;
  /** Since when the stored one that waits longest has been due (epoch milliseconds); null if none is. */
  readonly oldestAt: number | null;
  readonly callers: readonly { readonly caller: string; readonly queued: number }[];
}

/** Where operators look at the pace, and stop and start it. */
export interface PacingDesk {
  /** Every account. @throws StorageUnavailable */
  view(): Promise<readonly AccountPacing[]>;
  hasAccount(name: string): boolean;
  /** Sets or lifts a stop, in all processes. False if it was so already. @throws StorageUnavailable */
  set(stop: Omit<Pause, 'since'>, isPaused: boolean): Promise<boolean>;
  /** Takes over the stops that the store has. Keeps those it knows while the store is out of reach. */
  refresh(): Promise<void>;
}

export interface PacingDeskOptions {
  readonly accounts: ReadonlyMap<
    string,
    { readonly pacer: Pacer; readonly dispatcher: Dispatcher; readonly credentials: Pick<Credentials, 'state'> }
  >;
  readonly store: Store;
  readonly stops: Stops;
  readonly clock: Clock;
}

export function createPacingDesk({ accounts, store, stops, clock }: PacingDeskOptions): PacingDesk {
  const takeOver = (pauses: readonly Pause[]) => {
    if (isDeepStrictEqual(pauses, stops.list())) return;
    stops.replace(pauses);
    for (const { dispatcher } of accounts.values()) dispatcher.wake();
  };
  const refresh = async () => takeOver(await store.pauses());

  return {
    async view() {
      const stored = Map.groupBy(await store.backlog(), ({ account }) => account);
      return [...accounts].map(([account, { pacer, dispatcher, credentials }]) => ({
        account,
        pacer: pacer.state(clock.now()),
        isHeld: credentials.state() === 'refused',
        backlog: lanes.map((lane) => laneBacklog(lane, stored.get(account) ?? [], dispatcher.waiting(), clock.now())),
        stops: stops.list().filter((stop) => stop.account === account),
      }));
    },
    hasAccount: (name) => accounts.has(name),
    async set(stop, isPaused) {
      const pause = { ...stop, since: clock.now() };
      const isNew = await store.setPause(pause, isPaused);
      // It is set, whether or not the store can say so now.
      await refresh().catch(() => {
        const others = stops.list().filter((other) => !isSameStop(other, stop));
        takeOver(isPaused ? [...others, pause] : others);
      });
      return isNew;
    },
    refresh: () => refresh().catch(() => undefined),
  };
}

function isSameStop(one: Omit<Pause, 'since'>, other: Omit<Pause, 'since'>): boolean {
  return one.account === other.account && one.lane === other.lane && one.caller === other.caller;
}

function laneBacklog(
  lane: Lane,
  stored: readonly FlowBacklog[],
  waiting: ReturnType<Dispatcher['waiting']>,
  now: number,
): LaneBacklog {
  const callers = new Map<string, number>();
  const add = (caller: string, queued: number) => callers.set(caller, (callers.get(caller) ?? 0) + queued);
  let oldestAt: number | null = null;
  for (const flow of stored) {
    if (flow.lane !== lane) continue;
    add(flow.caller, flow.queued);
    if (flow.firstDueAt <= now) oldestAt = Math.min(oldestAt ?? now, flow.firstDueAt);
  }
  for (const { flow, waiting: queued } of waiting) if (flow.lane === lane) add(flow.caller, queued);
  const all = [...callers].map(([caller, queued]) => ({ caller, queued })).filter(({ queued }) => queued > 0);
  return {
    lane,
    queued: all.reduce((sum, { queued }) => sum + queued, 0),
    oldestAt,
    callers: all.sort((one, other) => other.queued - one.queued),
  };
}
