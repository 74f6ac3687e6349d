import t from 'tap';
import { postgresStorages, type Storage } from '../e2e/stored/storage.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { passwords } from './planted.ts';
import { proveNoLeak } from './prove.ts';
import { bytesBelow } from './stage.ts';

t.setTimeout(300_000);
const server = await startPostgres(t);
const url = ({ env }: Storage) => env['DATABASE_URL'] ?? '';

proveNoLeak(
  t,
  async () => {
    const storage = await postgresStorages(server)(t);
    const password = decodeURIComponent(passwords.database).replaceAll("'", "''");
    await server.run(url(storage), `CREATE ROLE gateway SUPERUSER LOGIN PASSWORD '${password}'`);
    const own = new URL(url(storage));
    Object.assign(own, { username: 'gateway', password: passwords.database });
    return { ...storage, env: { DATABASE_URL: own.href } };
  },
  async (storage) => Buffer.concat([await bytesBelow(storage.dataDir), await everyRow(server, url(storage))]),
);

/** All rows of all tables as JSON, whatever tables there are; bytes are in hexadecimal. */
async function everyRow({ run }: PostgresServer, database: string): Promise<Buffer> {
  const tables = await run(
    database,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'`,
  );
  const all = tables.map(({ name }) => `SELECT row_to_json(r)::text AS text FROM ${name} r`).join(' UNION ALL ');
  return Buffer.from((await run(database, all)).map(({ text }) => String(text)).join('\n'));
}
