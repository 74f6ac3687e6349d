import t from 'tap';
import { withFreshKeys } from '../../src/delivery/credentials-retry.ts';
import type { AttemptResult } from '../../src/delivery/message.ts';
import { queuedMessage } from '../support/messages.ts';

const refused: AttemptResult = { kind: 'refused', code: 'commbox_unauthorized', durationMs: 1, raw: null };
const sent: AttemptResult = { kind: 'sent', durationMs: 1, objectId: '1', raw: null };

function start(fileHolds: string, results: readonly AttemptResult[]) {
  const keys = { current: 'old', next: null };
  const used: string[] = [];
  const attempt = withFreshKeys({
    keys: () => ({ ...keys }),
    refresh: async () => {
      keys.current = fileHolds;
    },
    attempt: async () => results[used.push(keys.current) - 1] ?? sent,
  });
  return { used, result: attempt(queuedMessage(0)) };
}

t.test('a message refused in the moment of a rotation goes out with the new key', async (t) => {
  const { used, result } = start('new', [refused]);
  t.equal(await result, sent);
  t.strictSame(used, ['old', 'new']);
});

t.test('it is tried once more and not again, and only for another key', async (t) => {
  const twice = start('new', [refused, refused]);
  t.equal(await twice.result, refused);
  t.strictSame(twice.used, ['old', 'new']);
  const same = start('old', [refused]);
  t.equal(await same.result, refused);
  t.strictSame(same.used, ['old']);
  const other = start('new', [{ ...refused, code: 'commbox_rejected' }]);
  await other.result;
  t.strictSame(other.used, ['old']);
});
