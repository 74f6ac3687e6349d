import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Test } from 'tap';
import type { SpooledFile } from '../../../src/attachments/spool.ts';
import type { CreatePlace, StorePlace } from '../contract.ts';
import { insertRows, picking, sent, stage } from './support.ts';

/** Attachments of stored messages. */
export async function filesContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a message with attachments comes back whole, and any process can read them', async (t) => {
    const { clock, place, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const files = [
      await spool(place, 'a', { name: 'חשבונית "2026".pdf', content: Buffer.alloc(3 * 1024 * 1024, 7) }),
      await spool(place, 'a', { name: 'empty', content: Buffer.alloc(0), contentType: null }),
    ];
    const message = row({ payload: { kind: 'multipart', data: '{"Message":"שלום"}', files } });
    await insertRows(store, message);
    t.strictSame(await store.get(message.id), message);
    t.strictSame(await store.localFiles(message), files);
    t.strictSame(await store.localFiles(row()), [], 'a message without attachments');

    const [taken] = await other.take(picking(clock.now(), 1));
    if (taken === undefined) throw new Error('nothing was taken');
    const local = await other.localFiles(taken);
    const withoutPath = ({ path: _, ...rest }: SpooledFile) => rest;
    t.strictSame(local.map(withoutPath), files.map(withoutPath), 'in their order');
    for (const [index, { path }] of local.entries()) {
      t.ok((await readFile(path)).equals(await readFile(files[index]?.path ?? '')));
    }
  });

  await t.test('a store knows which spool files it still needs', async (t) => {
    const { clock, place, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [gone, kept, failed] = [
      await spool(place, 'a', { name: 'gone' }),
      await spool(place, 'a', { name: 'kept' }),
      await spool(place, 'a', { name: 'failed' }),
    ];
    const now = clock.now();
    const payload = (...files: SpooledFile[]) => ({ payload: { kind: 'multipart', data: '{}', files } }) as const;
    const message = row(payload(gone));
    await insertRows(store, message);
    await store.take(picking(now, 1));
    await insertRows(store, row(payload(kept)), row({ ...payload(failed), state: 'failed', endedAt: now }));
    t.strictSame(await store.neededFiles(), new Set([gone, kept, failed].map(({ path }) => basename(path))));
    await store.settle([sent(message.id, now)]);
    t.strictSame(await store.neededFiles(), new Set([kept, failed].map(({ path }) => basename(path))));
    t.strictSame(await store.sweep(now, now + 1, 0, 10), { files: [basename(failed.path)], more: false });
    t.strictSame(await store.neededFiles(), new Set([basename(kept.path)]));
  });
}

/** Puts a file where a process of that name would have spooled it. */
export async function spool(
  place: Pick<StorePlace, 'spoolOf'>,
  owner: string,
  file: { name: string; content?: Buffer; contentType?: string | null },
): Promise<SpooledFile> {
  const { name, content = Buffer.from(name), contentType = 'application/pdf' } = file;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const segment = createHash('md5').update(name).digest('hex');
  const path = join(place.spoolOf(owner), segment);
  await writeFile(path, content);
  return { path, name, contentType, size: content.length, sha256 };
}
