import t from 'tap';
import { caller, directory, sha256, stream } from './fixtures.ts';

t.test('a key opens the caller whose hash it has, during a rotation either of two', async (t) => {
  const billing = caller();
  const access = directory({ callers: [{ caller: billing, keyDigests: [sha256('old key'), sha256('new key')] }] });

  t.equal(access.authenticate('old key'), billing);
  t.equal(access.authenticate('new key'), billing);
  t.equal(access.caller('billing'), billing);
});

t.test('nothing else opens anything', async (t) => {
  const digest = sha256('the key');
  const access = directory({ callers: [{ caller: caller(), keyDigests: [digest] }] });

  for (const key of ['', 'the ke', 'the key ', 'The key', digest, `sha256:${digest}`, '__proto__', '\ud800']) {
    t.equal(access.authenticate(key), null, JSON.stringify(key));
  }
  t.equal(access.anonymous(), null, 'no key is nobody');
});

t.test('a reload swaps callers, streams and the anonymous caller together', async (t) => {
  const access = directory({
    callers: [{ caller: caller(), keyDigests: [sha256('old')] }],
    streams: [stream('invoices', { id: '1' })],
    anonymous: caller({ name: 'default' }),
  });
  const ops = caller({ name: 'ops' });

  access.replace({
    callers: [{ caller: ops, keyDigests: [sha256('new')] }],
    streams: [stream('alerts', { id: '2' })],
    rawDefaults: {},
    anonymous: null,
  });

  t.equal(access.authenticate('old'), null);
  t.equal(access.authenticate('new'), ops);
  t.equal(access.byAlias('invoices'), null);
  t.strictSame(access.byId('1'), []);
  t.equal(access.byAlias('alerts')?.id, '2');
  t.equal(access.anonymous(), null);
});
