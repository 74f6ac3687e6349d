import t from 'tap';
import type { KeyVerdict } from '../../src/commbox/system-status.ts';
import { ASK_AGAIN_MS, createCredentials } from '../../src/delivery/credentials.ts';
import { createKeyring } from '../../src/delivery/keyring.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';

/** Credentials of an account whose keys and whose CommBox can be changed. `silent` never answers. */
function start(keys: { current: string; next: string | null } = { current: 'old', next: null }) {
  const verdicts: Record<string, KeyVerdict | 'silent'> = { old: 'refused', new: 'accepted', worn: 'refused' };
  const asked: string[] = [];
  const changes: string[] = [];
  const clock = createManualClock();
  const keyring = createKeyring(() => ({ ...keys }));
  const credentials = createCredentials({
    keyring,
    clock,
    ask: (key) => {
      asked.push(key);
      const verdict = verdicts[key] ?? 'refused';
      return verdict === 'silent' ? new Promise(() => {}) : Promise.resolve(verdict);
    },
    onChange: (state, cause) => changes.push(cause ?? state),
  });
  return { keys, verdicts, asked, changes, clock, keyring, credentials };
}

t.test('a refused message is the only one to blame while CommBox takes the key', async (t) => {
  const { credentials, verdicts, asked, changes, clock } = start();
  verdicts['old'] = 'accepted';
  t.strictSame(await Promise.all([credentials.refused(), credentials.refused()]), ['message', 'message']);
  t.strictSame(asked, ['old'], 'both shared one question');
  t.strictSame(changes, ['checking', 'ok']);
  t.equal(clock.pending, 0);
});

t.test('a refused key holds the account until CommBox takes one, asked every 15 s', async (t) => {
  const { credentials, verdicts, asked, changes, clock } = start();
  t.equal(await credentials.refused(), 'account');
  t.strictSame([credentials.state(), credentials.cause()], ['refused', 'refused']);
  t.equal(await credentials.refused(), 'account', 'what was in flight meanwhile needs no question');
  await clock.advance(ASK_AGAIN_MS - 1);
  t.equal(asked.length, 1);
  await clock.advance(1);
  t.equal(asked.length, 2);
  verdicts['old'] = 'accepted';
  await clock.advance(ASK_AGAIN_MS);
  t.equal(credentials.state(), 'ok');
  t.strictSame(changes, ['checking', 'refused', 'ok']);
  t.equal(clock.pending, 0);
});

t.test('a changed key is asked about at once, even one that comes during a question', async (t) => {
  const { credentials, keys, asked, clock } = start();
  await credentials.refused();
  keys.current = 'new';
  credentials.keysChanged();
  await settle();
  t.equal(credentials.state(), 'ok');
  t.strictSame(asked, ['old', 'new']);

  keys.current = 'worn';
  const blame = credentials.refused();
  keys.current = 'new';
  credentials.keysChanged();
  t.equal(await blame, 'message');
  t.strictSame(asked.slice(2), ['worn', 'new']);
  t.equal(clock.pending, 0);
});

t.test('one working key of two is enough, and is the one to use from then on', async (t) => {
  const { credentials, keyring, keys } = start({ current: 'old', next: 'new' });
  t.equal(await credentials.refused(), 'message');
  t.equal(keyring.preferred(), 'new');
  keys.current = 'newest';
  t.equal(keyring.preferred(), 'newest', 'a replaced first key is tried before the second');
});

t.test('without a clear answer the account waits, but not for ever', async (t) => {
  const { credentials, verdicts, changes, clock } = start();
  verdicts['old'] = 'silent';
  const blame = credentials.refused();
  t.equal(credentials.state(), 'checking');
  await clock.advance(5_000);
  t.equal(await blame, 'account');
  t.equal(credentials.cause(), 'undecided');
  verdicts['old'] = 'unclear';
  await clock.advance(3 * ASK_AGAIN_MS);
  t.equal(credentials.state(), 'refused');
  await clock.advance(ASK_AGAIN_MS);
  t.equal(credentials.state(), 'ok', 'a broken system status alone holds nothing for longer than some 60 s');
  t.strictSame(changes, ['checking', 'undecided', 'ok']);

  verdicts['old'] = 'unclear';
  await credentials.refused();
  verdicts['old'] = 'refused';
  await clock.advance(ASK_AGAIN_MS);
  t.strictSame(changes.slice(3), ['checking', 'undecided', 'refused']);
});

t.test('an account that is gone is held without questions, and goes on when it is back', async (t) => {
  const { credentials, verdicts, asked, changes, clock } = start();
  const blame = credentials.refused();
  credentials.retire();
  t.equal(await blame, 'account');
  credentials.keysChanged();
  await clock.advance(10 * ASK_AGAIN_MS);
  t.equal(asked.length, 1);
  t.equal(await credentials.refused(), 'account');
  verdicts['old'] = 'accepted';
  credentials.restore();
  t.equal(credentials.state(), 'ok');
  t.strictSame(changes, ['checking', 'gone', 'ok']);
});

t.test('nothing is asked or told once it ends', async (t) => {
  const { credentials, asked, changes, clock } = start();
  await credentials.refused();
  credentials.stop();
  credentials.keysChanged();
  await clock.advance(2 * ASK_AGAIN_MS);
  t.equal(asked.length, 1);
  t.strictSame(changes, ['checking', 'refused']);
  t.equal(clock.pending, 0);
});

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

t.test('what counts is the end of the last key, whichever is in use', async (t) => {
  const [soon, late] = [jwt({ exp: 2_000_000_000 }), jwt({ exp: 2_100_000_000 })];
  const { credentials, keys, keyring } = start({ current: soon, next: late });
  t.equal(credentials.expiresAt(), 2_100_000_000_000);
  keyring.prefer(late);
  t.equal(credentials.expiresAt(), 2_100_000_000_000);
  keys.next = 'no-jwt';
  t.equal(credentials.expiresAt(), 2_000_000_000_000, 'as the alert: of the ends that are known');
  keys.current = jwt({ exp: 'soon' });
  t.equal(credentials.expiresAt(), null);
});

t.test('a key that was replaced during a call is still kept out of what CommBox echoes', async (t) => {
  const { keys, keyring } = start({ current: 'first-key', next: null });
  keyring.preferred();
  keys.current = 'first-key-and-more';
  const echo = 'you sent first-key-and-more, once first-key';
  t.equal(keyring.redact(echo), 'you sent [redacted], once [redacted]');
});
