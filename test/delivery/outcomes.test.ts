import t from 'tap';
import type { AttemptResult, Message } from '../../src/delivery/message.ts';
import * as outcomes from '../../src/delivery/outcomes.ts';
import { queuedMessage } from '../support/messages.ts';

const now = 1_000_000;
const raw = { status: 200, contentType: 'application/json', body: Buffer.from('{}') };
const upstream = { status: 400, description: 'bad' };
const unclear: AttemptResult = { kind: 'unclear', durationMs: 3, code: 'commbox_timeout', raw: null };

/** A message after an attempt that ended so. */
function after(result: AttemptResult, message: Message = queuedMessage(now)): Message {
  message.state = 'sending';
  outcomes.apply(message, result, now);
  return message;
}

t.test('each end of an attempt leads to its state', async (t) => {
  const refused = (code: 'commbox_rejected' | 'commbox_unauthorized'): AttemptResult => ({
    kind: 'refused',
    durationMs: 3.4,
    code,
    raw,
    upstream,
  });
  t.match(after({ kind: 'sent', durationMs: 3.4, objectId: '7', raw, upstream: { status: 200, description: null } }), {
    state: 'sent',
    objectId: '7',
    sentAt: now,
    endedAt: now,
    failure: null,
    attempts: [{ at: now - 3, durationMs: 3, outcome: 'sent', upstreamStatus: 200 }],
  });
  t.match(after(refused('commbox_rejected')), {
    state: 'failed',
    endedAt: now,
    failure: { code: 'commbox_rejected', outcome: 'not_sent', upstream },
  });
  t.match(after(refused('commbox_unauthorized')), { state: 'failed', failure: { code: 'commbox_unauthorized' } });
  t.match(after({ kind: 'damaged', durationMs: 0, error: new Error('gone') }), {
    state: 'failed',
    failure: { code: 'internal_error', outcome: 'not_sent' },
  });
  t.match(after(unclear), {
    state: 'unknown',
    endedAt: now,
    failure: { code: 'commbox_timeout', outcome: 'unknown' },
    unclear: { code: 'commbox_timeout' },
  });
});

t.test('what surely did not arrive waits again', async (t) => {
  for (const result of [
    { kind: 'throttled', durationMs: 1, retryAfterMs: 1_000, upstream: { status: 429, description: null } },
    { kind: 'unreachable', durationMs: 1, error: new Error('refused') },
  ] as const) {
    t.match(after(result), { state: 'queued', endedAt: null, failure: null, attempts: [{ outcome: result.kind }] });
  }
});

t.test('a message whose caller accepts duplicates waits 30 s after an unclear attempt, twice', async (t) => {
  const message = queuedMessage(now, { onUnknown: 'resend' });
  for (const attempt of [1, 2]) {
    t.match(after(unclear, message), { state: 'queued', readyAt: now + 30_000, attempts: { length: attempt } });
  }
  t.match(after(unclear, message), { state: 'unknown', endedAt: now, attempts: { length: 3 } });
});

t.test('an attempt that a crash cut off counts, one that was throttled does not', async (t) => {
  const message = queuedMessage(now, { onUnknown: 'resend' });
  message.attempts.push({ at: now, durationMs: 0, outcome: 'interrupted', upstreamStatus: null });
  for (let n = 0; n < 5; n++)
    message.attempts.push({ at: now, durationMs: 0, outcome: 'throttled', upstreamStatus: 429 });
  t.equal(after(unclear, message).state, 'queued');
  t.equal(after(unclear, message).state, 'unknown');
});

t.test('nobody who has left gets a repetition', async (t) => {
  const message = queuedMessage(now, { onUnknown: 'resend' });
  message.isAbandoned = true;
  t.equal(after(unclear, message).state, 'unknown');
});

t.test('once unclear, every end is unknown', async (t) => {
  const ends = {
    expire: (message: Message, at: number) => outcomes.expire(message, 'connection', 7_000, at),
    cancel: outcomes.cancel,
    shutDown: outcomes.shutDown,
    storage: outcomes.refuseForStorage,
    takenOver: outcomes.takenOver,
    withdraw: (message: Message, at: number) => outcomes.withdraw(message, 'quota', 7_000, at),
  };
  for (const [name, end] of Object.entries(ends)) {
    const message = after(unclear, queuedMessage(now, { onUnknown: 'resend' }));
    end(message, now);
    t.match(message, { state: 'unknown', failure: { code: 'commbox_timeout', outcome: 'unknown' } }, name);
  }
});

t.test('a withdrawn message says what held it, and how long that will last', async (t) => {
  const withdrawn = (hindrance: outcomes.Hindrance, retryAfterMs = 7_000) => {
    const message = queuedMessage(now);
    outcomes.withdraw(message, hindrance, retryAfterMs, now);
    t.match(message, { state: 'failed', endedAt: now, failure: { outcome: 'not_sent', upstream: null } });
    return message.failure;
  };
  t.match(withdrawn('quota'), { code: 'commbox_throttled', retryAfterMs: 7_000 });
  t.match(withdrawn('connection'), { code: 'commbox_unreachable', retryAfterMs: 7_000 });
  t.match(withdrawn('stopped'), { code: 'overloaded', retryAfterMs: 7_000 });
  t.match(withdrawn('credentials'), { code: 'commbox_unauthorized' });
  t.match(withdrawn('busy', 0), { code: 'overloaded', retryAfterMs: 1_000 }, 'never at once: that helps nobody');
});

t.test('a message whose own time lies beyond the patience is told so, not to come again', async (t) => {
  const message = queuedMessage(now);
  outcomes.withdraw(message, 'schedule', 7_000, now);
  t.match(message.failure, { code: 'invalid_request', outcome: 'not_sent', retryAfterMs: undefined });
});

t.test('one that was taken over without an unclear attempt is unknown all the same', async (t) => {
  const message = queuedMessage(now);
  outcomes.takenOver(message, now);
  t.match(message, { state: 'unknown', failure: { code: 'commbox_error', outcome: 'unknown' } });
});
