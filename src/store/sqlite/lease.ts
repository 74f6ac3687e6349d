import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';

/** This process's right to what it holds. Every lease has an id of its own: what an earlier one held stays lost. */
export interface Lease {
  /** The id under which rows may be held now; begins a new lease if the old one was taken away. */
  hold(now: number): string;
  /** The id under which rows were held last, whether or not it is still good. */
  readonly id: string;
  /** False if the lease had been taken away since the last call. */
  renew(now: number, leaseMs: number): boolean;
  giveBack(): void;
}

/** Ends the leases of earlier processes of this name. */
const END_OWN = 'DELETE FROM leases WHERE owner = :owner';
const BEGIN = 'INSERT INTO leases (id, owner, ends_at) VALUES (:id, :owner, :endsAt)';
const EXTEND = 'UPDATE leases SET ends_at = :endsAt WHERE id = :id';
const FIND = 'SELECT 1 FROM leases WHERE id = :id';
const END = 'DELETE FROM leases WHERE id = :id';

// From opening to the first heartbeat, which says how long it really is.
const FIRST_LEASE_MS = 30_000;

/** Begins a lease in place of any that an earlier process of this name had. Must run in a transaction. */
export function beginLease(database: Database, owner: string, openedAt: number): Lease {
  let id = '';
  let lengthMs = FIRST_LEASE_MS;
  let wasLost = false;

  const begin = (now: number) => {
    id = `${owner}/${randomUUID()}`;
    database.run(BEGIN, { id, owner, endsAt: Math.ceil(now + lengthMs) });
  };
  database.run(END_OWN, { owner });
  begin(openedAt);

  return {
    hold(now) {
      if (database.one(FIND, { id }) === undefined) {
        wasLost = true;
        begin(now);
      }
      return id;
    },
    get id() {
      return id;
    },
    renew(now, leaseMs) {
      lengthMs = leaseMs;
      const isHeld = database.run(EXTEND, { id, endsAt: Math.ceil(now + leaseMs) }) === 1;
      if (!isHeld) begin(now);
      const answer = isHeld && !wasLost;
      wasLost = false;
      return answer;
    },
    giveBack: () => void database.run(END, { id }),
  };
}
