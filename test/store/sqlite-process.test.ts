import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import t from 'tap';
import { AttachmentDamaged } from '../../src/store/errors.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { spool } from './contract/files.ts';
import { createRow, ids } from './contract/support.ts';
import { storeDirectory } from './sqlite-support.ts';

const href = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
const opening = `
  import { systemClock as clock } from ${href('../../src/kernel/clock.ts')};
  import { createSqliteStore } from ${href('../../src/store/sqlite/sqlite-store.ts')};
  import { createRow } from ${href('./contract/support.ts')};
  const [file, spoolDirectory] = process.argv.slice(1);
  const store = await createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
`;

t.test('a process that is killed while it writes has lost nothing that it was told is stored', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  const script = `${opening}
    const work = async () => {
      for (;;) {
        const row = createRow(clock.now());
        await store.insert([{ row, key: null }]);
        console.log(row.id);
      }
    };
    for (let i = 0; i < 8; i++) work();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file, spoolDirectory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const told: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    told.push(line);
    if (told.length === 200) child.kill('SIGKILL');
  }
  const store = await createSqliteStore({ file, owner: 'a', clock: createManualClock(), spoolDirectory });
  t.teardown(() => store.close());
  const stored = new Set(ids(await store.list({}, 100_000, null)));
  t.ok(told.length >= 200);
  t.strictSame(
    told.filter((id) => !stored.has(id)),
    [],
  );
});

t.test('an open store does not keep a process alive that has nothing else to do', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  const script = `${opening} await store.check(); console.log('done');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file, spoolDirectory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  t.strictSame(await once(child, 'exit'), [0, null]);
});

t.test('an attachment that changed on disk, or is gone, is not sent', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  const store = await createSqliteStore({ file, owner: 'a', clock: createManualClock(), spoolDirectory });
  t.teardown(() => store.close());
  const spooled = await spool({ spoolOf: () => spoolDirectory }, 'a', { name: 'invoice.pdf' });
  const row = createRow(1, { payload: { kind: 'multipart', data: '{}', files: [spooled] } });
  await store.insert([{ row, key: null }]);
  t.strictSame(await store.localFiles(row), [spooled]);
  writeFileSync(spooled.path, 'invoice.pdF');
  await t.rejects(store.localFiles(row), AttachmentDamaged);
  const gone = { ...spooled, path: `${spooled.path}0` };
  await t.rejects(
    store.localFiles({ ...row, payload: { kind: 'multipart', data: '{}', files: [gone] } }),
    AttachmentDamaged,
  );
});
