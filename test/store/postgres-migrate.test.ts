import t from 'tap';
import { SchemaTooNew } from '../../src/store/migrations.ts';
import { migrate, UnusableDatabase } from '../../src/store/postgres/migrate.ts';
import { migrations } from '../../src/store/postgres/migrations.ts';
import { startPostgres } from '../support/postgres.ts';
import { insertRows, stage } from './contract/support.ts';
import { postgresPlace } from './postgres-place.ts';

const server = await startPostgres(t);

t.test('three gateways may start at once on an empty database', async (t) => {
  const { process, row } = await stage(t, (t) => postgresPlace(t, server));
  const stores = await Promise.all(['a', 'b', 'c'].map(process));
  const message = row();
  await insertRows(stores[0] as (typeof stores)[0], message);
  t.strictSame(await stores[2]?.get(message.id), message);
});

t.test('a schema is brought up to date step by step, and each step taken once', async (t) => {
  const url = await server.freshDatabase();
  const steps = [1, 2, 3].map((version) => ({ version, sql: `CREATE TABLE commbox_gateway.step_${version} ()` }));
  await migrate(url, steps.slice(0, 1));
  await Promise.all([migrate(url, steps), migrate(url, steps), migrate(url, steps)]);
  t.strictSame(await server.run(url, 'SELECT version FROM commbox_gateway.schema_version'), [{ version: 3 }]);
});

t.test('a step that fails leaves the schema as it was', async (t) => {
  const url = await server.freshDatabase();
  const good = { version: 1, sql: 'CREATE TABLE commbox_gateway.first ()' };
  await migrate(url, [good]);
  const bad = { version: 3, sql: 'CREATE TABLE commbox_gateway.third (); SELECT nonsense' };
  await t.rejects(migrate(url, [good, { version: 2, sql: 'CREATE TABLE commbox_gateway.second ()' }, bad]));
  t.strictSame(await server.run(url, 'SELECT version FROM commbox_gateway.schema_version'), [{ version: 1 }]);
  t.strictSame(await server.run(url, "SELECT to_regclass('commbox_gateway.second') AS found"), [{ found: null }]);
});

t.test('an older gateway refuses the schema of a newer one, and leaves it alone', async (t) => {
  const url = await server.freshDatabase();
  await migrate(url);
  await server.run(url, 'UPDATE commbox_gateway.schema_version SET version = 999');
  const error = await migrate(url).then(
    () => null,
    (reason: unknown) => reason,
  );
  t.type(error, SchemaTooNew);
  t.match(error, { message: new RegExp(`999.*${migrations.length}`) });
  t.strictSame(await server.run(url, 'SELECT version FROM commbox_gateway.schema_version'), [{ version: 999 }]);
});

t.test('a database that cannot hold every text is refused', async (t) => {
  const url = await server.freshDatabase();
  await server.run(url, "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
  const ascii = new URL(url);
  ascii.pathname = '/ascii';
  await t.rejects(migrate(ascii.href), { constructor: UnusableDatabase, message: /SQL_ASCII.*UTF8/ });
});
