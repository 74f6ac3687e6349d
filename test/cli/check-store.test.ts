import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { lockDataDir } from '../../src/store/data-dir-lock.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { least, startGateway } from '../support/gateway.ts';
import { checkAt, createPlace } from './check-place.ts';
import { runCli } from './run-cli.ts';

t.test('a gateway that runs on the directory keeps it, and its files are only read', async (t) => {
  const place = await createPlace(t);
  const gateway = await startGateway(t, { commbox: place.commbox, dataDir: place.dataDir, env: place.env });
  const before = await readdir(place.dataDir, { recursive: true });
  const { code, stdout } = await checkAt(t, place);
  t.equal(code, 0, stdout);
  t.match(stdout, /^ok +gateway +one is running on this data directory/m);
  t.match(stdout, /^ok +store +SQLite, readable, schema version \d+$/m);
  t.strictSame(await readdir(place.dataDir, { recursive: true }), before);
  await t.rejects(lockDataDir({ directory: place.dataDir, clock: systemClock, waitMs: 0 }), { name: 'DataDirInUse' });
  t.equal((await gateway.post('/v1/sms', least.sms)).status, 201, 'the gateway sends on');

  await gateway.close();
  const alone = await checkAt(t, place);
  t.notMatch(alone.stdout, 'one is running');
  t.match(alone.stdout, /^ok +store +SQLite, readable and writable, schema version \d+$/m);
});

t.test('a database that cannot be used fails: of a newer gateway, or none at all', async (t) => {
  const newer = await createPlace(t);
  openDatabase(join(newer.dataDir, 'gateway.db')).close();
  const connection = new DatabaseSync(join(newer.dataDir, 'gateway.db'));
  connection.exec('PRAGMA user_version = 9999');
  connection.close();
  const first = await checkAt(t, newer);
  t.equal(first.code, 1);
  t.match(first.stdout, /^FAILED +store +the database .* has schema version 9999, .*start the newer gateway again/m);

  const broken = await createPlace(t);
  await writeFile(join(broken.dataDir, 'gateway.db'), 'certainly no database '.repeat(100));
  const second = await checkAt(t, broken);
  t.equal(second.code, 1);
  t.match(second.stdout, /^FAILED +store +.*gateway\.db cannot be used: file is not a database$/m);

  await writeFile(join(broken.dataDir, 'lock.db'), 'certainly no database '.repeat(100));
  t.match((await checkAt(t, broken)).stdout, /^warning +gateway +its lock .* cannot be read/m);
});

t.test('directories that others can read fail, as they do at the start', async (t) => {
  const open = await createPlace(t);
  await chmod(open.dataDir, 0o755);
  const first = await checkAt(t, open);
  t.equal(first.code, 1);
  t.match(first.stdout, /^FAILED +data directory +.* is open to others \(mode 0755\): it must have mode 0700$/m);

  const spool = await createPlace(t);
  await mkdir(join(spool.dataDir, 'spool'), { mode: 0o750 });
  const second = await checkAt(t, spool);
  t.equal(second.code, 1);
  t.match(second.stdout, /^ok +data directory /m);
  t.match(second.stdout, /^FAILED +attachment spool .*mode 0750/m);
});

t.test(
  'a place where no directory can be is told by `check` and at the start, by the name of its variable',
  async (t) => {
    const place = await createPlace(t);
    const at = (name: string) => join(place.dataDir, name);
    await writeFile(at('file'), '');
    await symlink(at('gone'), at('nowhere'));
    await symlink(at('circle'), at('circle'));
    const places = [
      [at('file'), /is not a directory$/m],
      [at('file/below'), /through something that is no directory \(ENOTDIR\)$/m],
      [at('nowhere'), /is a link that leads nowhere$/m],
      [at('circle'), /links in a circle \(ELOOP\)$/m],
      ['/proc/gateway/data', /cannot be made in /m],
    ] as const;
    for (const [dataDir, why] of places) {
      const env = { DATA_DIR: dataDir };
      const check = await checkAt(t, place, { env });
      t.equal(check.code, 1, dataDir);
      t.match(check.stdout.match(/^FAILED +data directory .*$/m)?.[0], why);
      const start = await runCli(t, ['serve'], { env: { GATEWAY_AUTH: 'off', ...place.env, ...env } });
      t.equal(start.code, 1, dataDir);
      t.match(start.stdout + start.stderr, `DATA_DIR (${dataDir}) cannot be used: `);
    }
    const fresh = await checkAt(t, place, { env: { DATA_DIR: at('a/b') } });
    t.match(fresh.stdout, /^ok +data directory +.* is made at the first start$/m);
    t.notOk((await readdir(place.dataDir)).includes('a'), 'a check makes nothing');
  },
);
