import type { Test } from 'tap';
import type { MessageState } from '../../../src/store/message-row.ts';
import type { ListFilter } from '../../../src/store/requests.ts';
import type { CreatePlace } from '../contract.ts';
import { ids, insertRows, stage } from './support.ts';

/** What a caller or an admin sees of the stored messages. */
export async function listContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('messages are listed newest first, whole, page by page, whatever arrives meanwhile', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const rows = [];
    for (let i = 0; i < 10; i++) {
      // Several within one millisecond, as under load.
      if (i % 3 === 0) await clock.advance(1);
      rows.push(row());
    }
    await insertRows(store, ...rows);
    const newestFirst = ids(rows).reverse();
    const first = await store.list({}, 4, null);
    t.strictSame(first[0], rows[9]);
    await insertRows(store, row(), row());
    const second = await store.list({}, 4, first[3]?.id ?? '');
    const third = await store.list({}, 4, second[3]?.id ?? '');
    t.strictSame(ids([...first, ...second, ...third]), newestFirst);
    t.strictSame(await store.list({}, 4, newestFirst[9] ?? ''), []);
  });

  await t.test('a page goes on where the last one ended, also when its last message was deleted since', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const rows = Array.from({ length: 6 }, (_, i) => row(i === 3 ? { state: 'failed', endedAt: now } : {}));
    await insertRows(store, ...rows);
    const first = await store.list({}, 3, null);
    t.equal(first[2]?.id, rows[3]?.id);
    await store.sweep(now, now + 1, now + 1, 10);
    t.strictSame(ids(await store.list({}, 3, rows[3]?.id ?? '')), ids(rows.slice(0, 3)).reverse());
  });

  await t.test('every filter selects, alone and together', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const states: MessageState[] = ['queued', 'sending', 'sent', 'failed', 'unknown', 'canceled', 'expired'];
    const start = clock.now();
    const rows = [];
    for (let i = 0; i < 84; i++) {
      await clock.advance(1_000);
      rows.push(
        row({
          state: states[i % 7] ?? 'queued',
          caller: i % 2 === 0 ? 'billing' : 'alerts',
          channel: i % 3 === 0 ? 'email' : 'sms',
          stream: i % 3 === 0 ? 'invoices' : i % 3 === 1 ? 'sms' : null,
          streamId: i % 3 === 2 ? '777' : '532',
          reference: i % 4 === 0 ? 'order-7' : null,
        }),
      );
    }
    await insertRows(store, ...rows);
    const filters: ListFilter[] = [
      { states: ['failed'] },
      { states: ['sent', 'queued', 'sending'] },
      { states: [...states] },
      { caller: 'alerts' },
      { caller: 'nobody' },
      { channel: 'email' },
      { stream: 'invoices' },
      { stream: '777' },
      { reference: 'order-7' },
      { from: start + 20_000, to: start + 30_000 },
      { from: start + 84_000 },
      { to: start + 2_000 },
      { caller: 'billing', states: ['failed', 'unknown'], channel: 'sms' },
      { caller: 'billing', reference: 'order-7', from: start + 10_000 },
      { states: ['sent'], stream: 'sms', to: start + 60_000 },
      { caller: 'billing', channel: 'sms', stream: '777', states: ['queued'], from: start, to: start + 84_001 },
    ];
    for (const filter of filters) {
      const expected = rows.filter((each) => matches(filter, each)).reverse();
      const label = JSON.stringify(filter);
      t.strictSame(ids(await store.list(filter, 100, null)), ids(expected), label);
      const pages = [];
      for (let page = await store.list(filter, 5, null); page.length > 0; ) {
        pages.push(...page);
        page = await store.list(filter, 5, page.at(-1)?.id ?? '');
      }
      t.strictSame(ids(pages), ids(expected), `${label} in pages`);
    }
    t.strictSame(await store.list({ states: [] }, 100, null), [], 'no state at all');
  });
}

type Row = Parameters<typeof insertRows>[1];

function matches(filter: ListFilter, row: Row): boolean {
  return (
    (filter.states?.includes(row.state) ?? true) &&
    (filter.caller ?? row.caller) === row.caller &&
    (filter.channel ?? row.channel) === row.channel &&
    (filter.stream ?? row.stream ?? row.streamId) === (row.stream ?? row.streamId) &&
    (filter.reference ?? row.reference) === row.reference &&
    (filter.from ?? 0) <= row.createdAt &&
    row.createdAt < (filter.to ?? Number.POSITIVE_INFINITY)
  );
}
