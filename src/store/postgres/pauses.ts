import type { Pause } from '../flows.ts';
import type { Sql } from './database.ts';

const setStatement = `
  INSERT INTO commbox_gateway.pauses (account, lane, caller, since) VALUES ($1, $2, $3, $4)
  ON CONFLICT (account, lane, caller) DO NOTHING RETURNING account`;
const liftStatement = `
  DELETE FROM commbox_gateway.pauses
  WHERE account = $1 AND lane IS NOT DISTINCT FROM $2 AND caller IS NOT DISTINCT FROM $3 RETURNING account`;
const listStatement = `
  SELECT account, lane, caller, since FROM commbox_gateway.pauses ORDER BY since, account, lane, caller`;

/** Sets or lifts a stop. False if it was so already; one that is set keeps its `since`. */
export async function setPause(sql: Sql, pause: Pause, isPaused: boolean): Promise<boolean> {
  const { account, lane, caller, since } = pause;
  const changed = isPaused
    ? await sql.query(setStatement, [account, lane, caller, Math.ceil(since)])
    : await sql.query(liftStatement, [account, lane, caller]);
  return changed.length > 0;
}

/** All stops, the oldest first. */
export async function listPauses(sql: Sql): Promise<readonly Pause[]> {
  return sql.query<Pause & Record<string, unknown>>(listStatement);
}
