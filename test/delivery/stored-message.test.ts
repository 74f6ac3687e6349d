import t from 'tap';
import type { Failure } from '../../src/delivery/message.ts';
import { erasedRowOf, rowOf } from '../../src/delivery/stored-message.ts';
import { queuedMessage } from '../support/messages.ts';

const unclear: Failure = {
  code: 'commbox_error',
  outcome: 'unknown',
  detail: 'canary',
  upstream: { status: 500, description: 'canary' },
};

t.test('what is sent after an unclear attempt keeps nothing of what CommBox said to that', async (t) => {
  const message = { ...queuedMessage(1), unclear };
  t.strictSame(rowOf(message).unclear, unclear);
  const row = rowOf({ ...message, state: 'sent', objectId: '7', sentAt: 2, endedAt: 2 });
  const kept = { code: 'commbox_error', outcome: 'unknown', detail: '', upstream: { status: 500, description: null } };
  t.strictSame(row.unclear, kept);
  t.notMatch(JSON.stringify(row), 'canary');
});

t.test('an erased row keeps its ledger and nothing of its request', async (t) => {
  const message = queuedMessage(1, { traceparent: '00-1-2-01', requestId: 'r-1', reference: 'order-7' });
  t.strictSame(erasedRowOf(message), { ...rowOf(message), payload: null, requestId: '', traceparent: null });
  t.equal(erasedRowOf(message).reference, 'order-7');
});
