import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import t from 'tap';
import { createByteBudget, payloadTooLarge } from '../../src/attachments/limits.ts';
import { createSpool, createSpoolFile, type SpoolHandle } from '../../src/attachments/spool.ts';
import { temporaryDirectory } from './helper.ts';

const meta = { name: '../../etc/passwd', contentType: 'text/plain; charset=x' };
const unlimited = createByteBudget(Number.MAX_SAFE_INTEGER, () => payloadTooLarge('', 'never'));

async function* chunks(...list: Uint8Array[]) {
  yield* list;
}

t.test('a file is stored with its bytes, digest and meta data, for its owner alone', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  const spool = await createSpool({ directory });
  const content = randomBytes(100_000);
  const file = await spool.write(meta, chunks(content.subarray(0, 7), content.subarray(7)), unlimited);
  t.match(file, { ...meta, size: 100_000, sha256: createHash('sha256').update(content).digest('hex') });
  t.strictSame(await readFile(file.path), content);
  t.equal(dirname(file.path), directory);
  t.match(basename(file.path), /^[0-9a-f]{32}$/, 'nothing of the name reaches the disk');
  t.equal((await stat(file.path)).mode & 0o777, 0o600);
  t.equal((await stat(directory)).mode & 0o777, 0o700);
  t.equal(spool.bytes(), 100_000);
  await spool.sync([file]);
  await spool.remove([file]);
  await spool.remove([file]);
  t.equal(spool.bytes(), 0);
  t.strictSame(await readdir(directory), []);
});

t.test('nothing that lies in the way is written to or followed', async (t) => {
  const directory = await temporaryDirectory(t);
  const [taken, elsewhere, way] = ['taken', 'elsewhere', 'way'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(taken, 'of another');
  await symlink(elsewhere, way);
  for (const path of [taken, way]) await t.rejects(createSpoolFile(path), { code: 'EEXIST' });
  t.equal(await readFile(taken, 'utf8'), 'of another');
  await t.rejects(stat(elsewhere), { code: 'ENOENT' });
});

t.test('parallel writes do not mix', async (t) => {
  const spool = await createSpool({ directory: join(await temporaryDirectory(t), 'spool') });
  const contents = Array.from({ length: 20 }, (_, n) => Buffer.alloc(50_000, n));
  const files = await Promise.all(contents.map((content) => spool.write(meta, chunks(content), unlimited)));
  t.equal(new Set(files.map((file) => file.path)).size, 20);
  t.strictSame(await Promise.all(files.map((file) => readFile(file.path))), contents);
});

t.test('leftovers of a crash are removed at start, but not what stored messages or others still need', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  const first = await createSpool({ directory });
  const lost = await first.write(meta, chunks(Buffer.alloc(10)), unlimited);
  const kept = await first.write(meta, chunks(Buffer.alloc(32)), unlimited);
  await writeFile(join(directory, 'notes.txt'), 'not ours');
  const second = await createSpool({ directory, keep: new Set([basename(kept.path)]) });
  t.strictSame((await readdir(directory)).sort(), [basename(kept.path), 'notes.txt'].sort());
  t.equal(second.bytes(), 32);
  await t.rejects(stat(lost.path), { code: 'ENOENT' });
});

t.test('a directory that others can reach into is refused', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  await mkdir(directory);
  for (const mode of [0o755, 0o750, 0o701]) {
    await chmod(directory, mode);
    await t.rejects(createSpool({ directory }), {
      message: `the directory ${directory} is open to others (mode ${mode.toString(8).padStart(4, '0')}): it must have mode 0700`,
    });
  }
});

t.test('a disk that fails at any moment gives 503 storage_unavailable and leaves nothing', async (t) => {
  const working: SpoolHandle = { writeFile: async () => undefined, close: async () => undefined };
  const fail = (code: string) => async () => {
    throw Object.assign(new Error(code), { code });
  };
  const disks = {
    open: fail('EACCES'),
    write: async () => ({ ...working, writeFile: fail('ENOSPC') }),
    close: async () => ({ ...working, close: fail('EDQUOT') }),
  };
  for (const [moment, openFile] of Object.entries(disks)) {
    const spool = await createSpool({ directory: join(await temporaryDirectory(t), 'spool'), openFile });
    await t.rejects(
      spool.write(meta, chunks(Buffer.alloc(10)), unlimited),
      { code: 'storage_unavailable', status: 503, options: { retryAfterMs: 10_000 } },
      moment,
    );
    t.equal(spool.bytes(), 0, moment);
  }
});

t.test('a source that fails or a budget that is used up leaves nothing', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  const spool = await createSpool({ directory });
  async function* broken() {
    yield Buffer.alloc(10);
    throw new Error('gone');
  }
  await t.rejects(spool.write(meta, broken(), unlimited), { message: 'gone' });
  const small = createByteBudget(15, () => payloadTooLarge('/file', 'too much'));
  await spool.write(meta, chunks(Buffer.alloc(10)), small);
  await t.rejects(spool.write(meta, chunks(Buffer.alloc(10)), small), { code: 'payload_too_large' });
  t.equal((await readdir(directory)).length, 1);
  t.equal(spool.bytes(), 10);
});

t.test('only files of the spool can be removed through it', async (t) => {
  const root = await temporaryDirectory(t);
  const spool = await createSpool({ directory: join(root, 'spool') });
  const path = join(root, 'precious');
  await writeFile(path, 'x');
  await t.rejects(spool.remove([{ ...meta, path, size: 1, sha256: '' }]), /not in the spool/);
  t.equal(await readFile(path, 'utf8'), 'x');
});

t.test('of copies that cannot all be made, none is left over', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  const spool = await createSpool({ directory });
  const file = await spool.write(meta, chunks(Buffer.alloc(10)), unlimited);
  const lost = { ...file, path: join(directory, 'lost') };
  await t.rejects(spool.copy([file, lost]), { code: 'storage_unavailable' });
  t.strictSame(await readdir(directory), [basename(file.path)]);
  t.equal(spool.bytes(), 10);
});

t.test('a file that cannot be removed keeps no other, and is tried again with the next', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  const spool = await createSpool({ directory });
  // A directory resists, as a file on a failing disk does.
  await mkdir(join(directory, 'stuck'));
  const names = await Promise.all(
    [1, 2].map(async () => basename((await spool.write(meta, chunks(Buffer.alloc(10)), unlimited)).path)),
  );
  await t.rejects(spool.removeNamed(['stuck', ...names]), { code: 'storage_unavailable' });
  t.strictSame(await readdir(directory), ['stuck']);
  t.equal(spool.bytes(), 0);
  await rmdir(join(directory, 'stuck'));
  await writeFile(join(directory, 'stuck'), 'x');
  await spool.removeNamed([]);
  t.strictSame(await readdir(directory), []);
});
