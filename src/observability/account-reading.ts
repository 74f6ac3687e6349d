import type { Lane } from '../channels/channel.ts';
import type { Credentials } from '../delivery/credentials.ts';
import type { PacerState } from '../pacing/pacer-state.ts';
import type { Pause } from '../store/flows.ts';
import type { AccountReading, PacingState } from './metrics-source.ts';

/** What is asked of an account that works. */
export interface ObservedAccount {
  readonly name: string;
  readonly pacer: { state(now: number): PacerState };
  readonly credentials: Pick<Credentials, 'state'>;
  readonly dispatcher: {
    waiting(): readonly { readonly flow: { readonly lane: Lane }; readonly waiting: number }[];
  };
}

/** @param stops what operators have stopped, of any account */
export function readAccount(
  { name, pacer, credentials, dispatcher }: ObservedAccount,
  keysExpireAt: AccountReading['keysExpireAt'],
  stops: readonly Pause[],
  now: number,
): AccountReading {
  const state = pacer.state(now);
  const own = stops.filter(({ account }) => account === name);
  const isStopped = own.some(({ lane, caller }) => lane === null && caller === null);
  return {
    name,
    pacing: credentials.state() === 'refused' ? 'credentials' : isStopped ? 'stopped' : pacingOf(state),
    rate: state.rate === null ? null : state.rate * state.share,
    inFlight: state.inFlight,
    concurrency: state.places,
    waiting: dispatcher.waiting().map(({ flow, waiting }) => ({ lane: flow.lane, messages: waiting })),
    stops: own.length,
    keysExpireAt,
  };
}

function pacingOf({ state, cause, rate }: PacerState): PacingState {
  if (cause === 'connection') return 'unreachable';
  if (state === 'exhausted') return 'exhausted';
  if (cause === 'quota') return 'throttled';
  return rate === null ? 'free' : 'paced';
}
