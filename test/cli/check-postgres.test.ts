import t from 'tap';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { startPostgres } from '../support/postgres.ts';
import { checkAt, createPlace } from './check-place.ts';
import { CANARY } from './run-cli.ts';

t.test('a PostgreSQL that is not there fails, without a word of its URL', async (t) => {
  const place = await createPlace(t);
  const { code, stdout } = await checkAt(t, place, { env: { DATABASE_URL: `postgres://u:${CANARY}@127.0.0.1:1/db` } });
  t.equal(code, 1);
  t.match(stdout, /^FAILED +store +PostgreSQL of DATABASE_URL: nothing listens there \(ECONNREFUSED\)$/m);
  t.match(stdout, /^ok +account default /m, 'the rest is checked all the same');
});

t.test('PostgreSQL is written on trial, and says what it refuses', { timeout: 300_000 }, async (t) => {
  const server = await startPostgres(t);
  const url = await server.freshDatabase();
  const place = await createPlace(t);
  const storeOf = async (databaseUrl: string) => {
    const { code, stdout } = await checkAt(t, place, { env: { DATABASE_URL: databaseUrl } });
    return { code, line: stdout.split('\n').find((line) => / store /.test(line)) };
  };

  t.match(await storeOf(url), { code: 0, line: /^ok +store +PostgreSQL \d+\.\d+, its tables are made at the first/ });
  t.strictSame(await server.run(url, "SELECT to_regnamespace('commbox_gateway') AS it"), [{ it: null }]);
  await migrate(url);
  t.match(await storeOf(url), { code: 0, line: /readable and writable, schema version \d+$/ });
  await server.run(url, 'UPDATE commbox_gateway.schema_version SET version = 9999');
  t.match(await storeOf(url), { code: 1, line: /^FAILED +store .*schema version 9999/ });

  t.match(await storeOf(withPassword(url, CANARY)), { code: 1, line: /refuses the user or the password \(28P01\)$/ });
  t.match(await storeOf(`${url}_gone`), { code: 1, line: /the database does not exist \(3D000\)$/ });
  await server.run(url, 'UPDATE commbox_gateway.schema_version SET version = 1');
  await server.run(url, "ALTER ROLE CURRENT_USER SET default_transaction_read_only = 'on'");
  t.match(await storeOf(url), { code: 1, line: /it is read-only, such as a standby \(25006\)$/ });
});

function withPassword(url: string, password: string): string {
  const changed = new URL(url);
  changed.password = password;
  return changed.href;
}
