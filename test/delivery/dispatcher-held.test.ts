import t from 'tap';
import { createRig, refused, sent } from './dispatcher-rig.ts';

const noKey = refused('commbox_unauthorized', 401);
const held = { state: 'failed', failure: { code: 'commbox_unauthorized', outcome: 'not_sent' } } as const;

t.test('while CommBox refuses the keys a plain message ends at once, and no call is made', async (t) => {
  const { submit, submitKeyed, turnCredentials, starts, clock } = createRig();
  turnCredentials('refused');
  const messages = [submit(), submitKeyed()];
  t.match(messages, [held, held]);
  t.match(messages[0]?.failure, { retryAfterMs: 30_000 }, 'nobody knows when a key will work');
  await clock.advance(60_000);
  t.equal(starts.length, 0);
});

t.test('so does one that waits when the keys are refused, in line or for its own time', async (t) => {
  const { submit, turnCredentials, starts, clock } = createRig({ concurrency: 1 });
  const inFlight = submit();
  const waiting = submit();
  const later = submit({ sendAt: clock.now() + 5_000 });
  turnCredentials('refused');
  t.match([waiting, later], [held, held]);
  t.match(waiting.failure, { retryAfterMs: 30_000 });
  t.equal(inFlight.state, 'sending', 'what is in flight may still be taken');
  t.equal(starts.length, 1);
});

t.test('stored messages wait until a key works', async (t) => {
  const { store, turnCredentials, answer, ids, asked, clock } = createRig();
  turnCredentials('refused');
  const stored = store();
  await clock.advance(60_000);
  t.strictSame(asked, [], 'nothing is taken that cannot be sent');
  answer(() => sent);
  turnCredentials('ok');
  await clock.advance(0);
  t.strictSame(ids(), [stored]);
});

t.test('a message that was refused for the account’s keys waits again; whoever waits for it hears 502', async (t) => {
  const { submit, store, open, turnCredentials, records, answer, ids, clock } = createRig();
  const plain = submit();
  const stored = store();
  await clock.advance(0);
  turnCredentials('refused');
  for (const attempt of open) attempt.end(noKey);
  await clock.advance(0);
  t.match(plain, { ...held, attempts: { length: 1 } });
  t.strictSame(records, [`${stored} queued`]);
  answer(() => sent);
  turnCredentials('ok');
  await clock.advance(0);
  t.strictSame(ids(), [plain.id, stored, stored]);
});

t.test('where the keys work, the refused message alone fails', async (t) => {
  const { submit, open, clock } = createRig();
  const [bad, good] = [submit(), submit()];
  open[0]?.end(noKey);
  open[1]?.end(sent);
  await clock.advance(0);
  t.match([bad, good], [{ ...held, attempts: { length: 1 } }, { state: 'sent' }]);
  t.equal(submit().state, 'sending', 'nothing is paused');
});

t.test('what comes from the store after the keys were refused goes back unsent', async (t) => {
  const { store, submitKeyed, turnCredentials, holdStore, starts, records, clock } = createRig();
  const goOn = holdStore();
  const keyed = submitKeyed();
  const stored = store({ caller: 'news' });
  turnCredentials('refused');
  goOn();
  await clock.advance(0);
  t.equal(starts.length, 0);
  t.match(keyed, held);
  t.ok(records.includes(`${stored} queued`));
});
