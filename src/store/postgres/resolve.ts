import type { Resolution } from '../requests.ts';
import type { Database, Sql } from './database.ts';
import { erasing, judged } from './fragments.ts';

const resolveStatement = {
  sent: `
    WITH resolved AS (
      UPDATE commbox_gateway.messages m SET ${erasing('m')},
        failure = NULL, state = 'sent', object_id = $2, sent_at = $3, ended_at = $3
      WHERE id = $1 AND ${judged("state = 'unknown'")}
      RETURNING id
    ), unfiled AS (
      DELETE FROM commbox_gateway.message_files f USING resolved WHERE f.message_id = resolved.id
    )
    SELECT id FROM resolved`,
  failed: `
    UPDATE commbox_gateway.messages SET state = 'failed', object_id = $2, ended_at = $3
    WHERE id = $1 AND ${judged("state = 'unknown'")}
    RETURNING id`,
};

// Two messages of the same text may find the same object at the same moment: one after the other, only one gets it.
const lockStatement = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';
const anothersStatement = `
  SELECT FROM commbox_gateway.messages other JOIN commbox_gateway.messages m ON m.id = $1
  WHERE other.created_at BETWEEN $2 AND $3 AND other.object_id = $4 AND other.account = m.account AND other.id <> $1
  LIMIT 1`;

/** Unknown to sent, which erases it, or to failed. False if it was not unknown, or if its object is another's. */
export async function resolveMessage(database: Database, id: string, to: Resolution): Promise<boolean> {
  const resolve = async (sql: Sql) =>
    (await sql.query(resolveStatement[to.state], [id, to.objectId, Math.ceil(to.now)])).length === 1;
  const { objectId, unlessAnothersOf: twins } = to;
  if (twins === undefined) return resolve(database);
  return database.transaction(async (sql) => {
    await sql.query(lockStatement, [`commbox_gateway object ${objectId}`]);
    const anothers = await sql.query(anothersStatement, [id, Math.floor(twins.from), Math.ceil(twins.to), objectId]);
    return anothers.length === 0 && resolve(sql);
  });
}
