import { StorageUnavailable } from '../errors.ts';
import type { PacingExchange, PacingView } from '../flows.ts';
import type { Database } from './database.ts';
import { type Lease, nowOf } from './lease.ts';

// One statement, hence one round trip and atomic. A statement sees nothing that was committed after it began, and not
// what it writes itself; what it locks, it sees as it is. So a publication always writes the row, be it as it was: who
// comes too late gets the winner's state. One's own report is added by hand.
const exchangeStatement = `
  WITH holder AS (
    SELECT lease FROM commbox_gateway.replicas WHERE lease = $2
  ), own AS (
    INSERT INTO commbox_gateway.pacing_reports AS r (account, lease, report, reported_at)
    SELECT $3, lease, $4, ${nowOf('$1')} FROM holder
    ON CONFLICT (account, lease) DO UPDATE SET report = excluded.report, reported_at = excluded.reported_at
    RETURNING r.lease, r.report
  ), published AS (
    INSERT INTO commbox_gateway.pacing AS p (account, version, state)
    SELECT $3, 1, $6 FROM holder
    WHERE $7::bigint = 0 OR ($7 > 0 AND EXISTS (SELECT FROM commbox_gateway.pacing WHERE account = $3))
    ON CONFLICT (account) DO UPDATE SET
      state = CASE WHEN p.version = $7 THEN excluded.state ELSE p.state END,
      version = CASE WHEN p.version = $7 THEN p.version + 1 ELSE p.version END
    RETURNING p.version, p.state
  ), stored AS (
    SELECT version, state FROM published
    UNION ALL
    SELECT version, state FROM commbox_gateway.pacing
    WHERE account = $3 AND NOT EXISTS (SELECT FROM published)
  ), reports AS (
    SELECT lease, report FROM own
    UNION ALL
    SELECT lease, report FROM commbox_gateway.pacing_reports
    WHERE account = $3 AND lease <> $2 AND reported_at >= ${nowOf('$1')} - $5::bigint
  )
  SELECT EXISTS (SELECT FROM holder) AS holds_lease, (SELECT version FROM stored), (SELECT state FROM stored),
    (SELECT json_object_agg(lease, report) FROM reports) AS reports`;

interface ExchangeRow {
  readonly holds_lease: boolean;
  readonly version: number | null;
  readonly state: string | null;
  readonly reports: Readonly<Record<string, string>> | null;
}

const NOT_PUBLISHED = -1;
const ROUNDS = 3;

/** Whether the exchange's own publication is what is stored now. */
export interface Exchanged {
  readonly view: PacingView;
  readonly isPublished: boolean;
}

/**
 * Stores this process's report and publication under its lease, and reads what the others have. Without a lease nothing
 * takes effect; a new one is begun then, as when messages are accepted, and the same is done under that.
 *
 * Reports are named by leases and go with them. Their age is judged as that of leases is: by the server's clock.
 */
export async function exchangePacing(database: Database, lease: Lease, exchange: PacingExchange): Promise<Exchanged> {
  const { account, report, publish } = exchange;
  for (let round = 0; round < ROUNDS; round++) {
    const self = lease.id;
    const values = [
      ...[lease.judgedAt(exchange.now), self, account, report, Math.ceil(exchange.reportsLastMs)],
      ...[publish?.state ?? null, publish?.version ?? NOT_PUBLISHED],
    ];
    const [row] = await database.query<ExchangeRow & Record<string, unknown>>(exchangeStatement, values, 'pacing');
    if (row?.holds_lease !== true) {
      await lease.replace(self);
      continue;
    }
    const { version, state, reports } = row;
    const view = { self, reports: new Map(Object.entries(reports ?? {})), state, version: version ?? 0 };
    const isPublished = publish !== null && view.version === publish.version + 1 && state === publish.state;
    return { view, isPublished };
  }
  throw new StorageUnavailable('the lease keeps being lost');
}
