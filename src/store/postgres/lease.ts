import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type { Database, Sql } from './database.ts';

/** This process's claim on the messages that it handles. It holds until `recover` of another process removes it. */
export interface Lease {
  /** The lease under which rows are written now. */
  readonly id: string;
  /** For {@link nowOf}: null if the server's clock judges, else the given time, which is that of the caller's clock. */
  judgedAt(now: number): number | null;
  /** Makes it last `leaseMs` from now. False if it was removed since the last call; a new one has begun then. */
  renew(leaseMs: number): Promise<boolean>;
  /** Begins a new lease in place of `lost`, which was removed; the next `renew` tells. */
  replace(lost: string): Promise<void>;
  /** Removes, in a transaction of the caller's, the leases of other processes that have run out. */
  endOthers(sql: Sql): Promise<void>;
  giveBack(): Promise<void>;
}

export interface LeaseOptions {
  readonly database: Database;
  readonly owner: string;
  readonly clock: Clock;
  /** The server's clock judges for all replicas alike, however wrong their own are; `injected` is for tests. */
  readonly judgedBy: 'server' | 'injected';
}

/** How long a lease lasts before the first renewal. */
const FIRST_LEASE_MS = 30_000;

/** Epoch milliseconds in SQL: what the parameter says, or the server's clock if it is null. */
export function nowOf(parameter: string): string {
  return `coalesce(${parameter}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`;
}

const NOW = nowOf('$1');

const beginStatement = `
  INSERT INTO commbox_gateway.replicas (lease, owner, lease_until) VALUES ($2, $3, ${NOW} + $4::bigint)`;
const renewStatement = `
  UPDATE commbox_gateway.replicas SET lease_until = ${NOW} + $3::bigint WHERE lease = $2 RETURNING lease`;
const endOthersStatement = `
  DELETE FROM commbox_gateway.replicas WHERE lease_until <= ${NOW} AND lease <> $2`;
const endStatement = 'DELETE FROM commbox_gateway.replicas WHERE lease = $1';
const supersedeStatement = 'DELETE FROM commbox_gateway.replicas WHERE owner = $1';

/** Begins a lease, and ends that of an earlier process of the same name. Rejects with `StorageUnavailable`. */
export async function createLease(options: LeaseOptions): Promise<Lease> {
  const { database, owner, clock } = options;
  const judgedAt = (time: number) => (options.judgedBy === 'server' ? null : Math.ceil(time));
  const now = () => judgedAt(clock.now());
  let id = randomUUID();
  let wasLost = false;
  let replacing: Promise<void> | null = null;

  const begin = (sql: Sql, lease: string, leaseMs: number) => sql.query(beginStatement, [now(), lease, owner, leaseMs]);

  async function replace(): Promise<void> {
    const next = randomUUID();
    await begin(database, next, FIRST_LEASE_MS);
    id = next;
    wasLost = true;
  }

  const replaceOnce = async (lost: string) => {
    if (lost !== id) return;
    replacing ??= replace().finally(() => {
      replacing = null;
    });
    await replacing;
  };

  const extend = async (leaseMs: number) =>
    (await database.query(renewStatement, [now(), id, leaseMs], 'renew-lease')).length === 1;

  await database.transaction(async (sql) => {
    await sql.query(supersedeStatement, [owner]);
    await begin(sql, id, FIRST_LEASE_MS);
  });

  return {
    get id() {
      return id;
    },
    judgedAt,
    async renew(leaseMs) {
      const extended = id;
      if (!(await extend(leaseMs))) {
        await replaceOnce(extended);
        await extend(leaseMs);
      }
      const isKept = !wasLost;
      wasLost = false;
      return isKept;
    },
    replace: replaceOnce,
    async endOthers(sql) {
      await sql.query(endOthersStatement, [now(), id]);
    },
    async giveBack() {
      await database.query(endStatement, [id]);
    },
  };
}
