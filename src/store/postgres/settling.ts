import type { Settlement } from '../requests.ts';
import { createBatcher } from './batcher.ts';
import type { Copies } from './copies.ts';
import type { Database } from './database.ts';
import type { Lease } from './lease.ts';
import type { Listener } from './listener.ts';
import { settleMessages } from './settle.ts';
import { blamesData } from './storage-errors.ts';

/** The way out of `sending`. */
export interface Settling {
  settle(settlements: readonly Settlement[]): Promise<readonly boolean[]>;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

export interface SettlingOptions {
  readonly database: Database;
  readonly lease: Lease;
  readonly copies: Copies;
  readonly listener: Pick<Listener, 'tell'>;
}

const CALLS_PER_STATEMENT = 200;
const STATEMENTS_AT_ONCE = 2;

/** Calls that arrive together become one statement. */
export function createSettling(options: SettlingOptions): Settling {
  const { database, lease, copies, listener } = options;

  const batcher = createBatcher<readonly Settlement[], readonly boolean[]>({
    async run(calls) {
      const results = new Map<Settlement, boolean>();
      for (const round of roundsOf(calls.flat())) {
        const settled = await settleMessages(database, round, lease.id);
        round.forEach((settlement, index) => {
          results.set(settlement, settled[index] === true);
        });
      }
      return calls.map((call) => call.map((settlement) => results.get(settlement) === true));
    },
    maxItems: CALLS_PER_STATEMENT,
    parallel: STATEMENTS_AT_ONCE,
    isolates: blamesData,
  });

  return {
    async settle(settlements) {
      const results = await batcher.add(settlements);
      const settled = settlements.filter((_, index) => results[index] === true);
      for (const { id, erase } of settled) if (erase) copies.forget(id);
      const ended = settled.filter(({ state }) => state !== 'queued' && state !== 'sending');
      if (ended.length > 0) {
        listener.tell(
          'settled',
          ended.map(({ id }) => id),
        );
      }
      if (settled.some(({ state }) => state === 'queued')) listener.tell('ready', null);
      return results;
    },
    idle: batcher.idle,
  };
}

/** In a round no message comes twice: one statement cannot change a row twice. */
function roundsOf(settlements: readonly Settlement[]): readonly (readonly Settlement[])[] {
  const rounds: Settlement[][] = [];
  const times = new Map<string, number>();
  for (const settlement of settlements) {
    const round = times.get(settlement.id) ?? 0;
    times.set(settlement.id, round + 1);
    const others = rounds[round];
    if (others === undefined) rounds.push([settlement]);
    else others.push(settlement);
  }
  return rounds;
}
