import type { KeyClaim, StoredAnswer } from '../key-record.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import type { Store } from '../store.ts';
import type { GroupCommit } from './group-commit.ts';

export interface BatchToInsert {
  readonly messages: readonly NewMessage[];
  readonly claim: KeyClaim | null;
  readonly answer: (results: readonly InsertResult[]) => StoredAnswer;
  readonly keepUntil: number;
  readonly now: number;
}

/**
 * Stores a batch with its answer in one transaction. The answer is made here while the transaction runs on another
 * thread, so it is made from foreseen results first, and the transaction only takes effect if they came true.
 */
export async function insertBatch(
  call: GroupCommit['call'],
  { messages, claim, answer, keepUntil, now }: BatchToInsert,
): Promise<Awaited<ReturnType<Store['insertBatch']>>> {
  const items = messages.map(({ row, key }) => ({ id: row.id, key }));
  for (;;) {
    const foreseen = await call('foreseeBatch', items, claim, now);
    // It is 'changed' only if keys were claimed in between, by another request that got on: this ends.
    if (foreseen.kind !== 'inserted') {
      if (foreseen.kind === 'taken') return foreseen;
      continue;
    }
    const request = { messages, claim, foreseen: foreseen.results, answer: answer(foreseen.results), keepUntil, now };
    const result = await call('insertBatch', request);
    if (result.kind !== 'changed') return result;
  }
}
