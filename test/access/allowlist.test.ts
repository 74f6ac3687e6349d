import t from 'tap';
import { createAllowlist, parseAllowlistEntry } from '../../src/access/allowlist.ts';
import { thrownBy } from './fixtures.ts';

function allowlist(...texts: string[]) {
  return createAllowlist(texts.map(parseAllowlistEntry).filter((entry) => entry !== null));
}

t.test('numbers in any format, addresses in any case and whole domains pass', async (t) => {
  const list = allowlist('+972 54-444-4444', '0044 20 7946 0000', 'QA@Example.com', '@test.example');
  const recipients = ['972544444444', '442079460000', 'qa@EXAMPLE.com', 'Anyone@Test.example', '+972544444444'];
  t.doesNotThrow(() => list.check(recipients));
});

t.test('everything else is 403, counted and never quoted', async (t) => {
  const list = allowlist('972544444444', 'qa@example.com', '@test.example');
  for (const recipient of [
    '972544444445',
    'other@example.com',
    'a@sub.test.example',
    'a@test.example.evil.com',
    'victim@real.com,a@test.example',
    'victim@real.com a@test.example',
    'victim@real.com@test.example',
    'id972544444444',
    '@test.example',
    '',
  ]) {
    const error = thrownBy(() => list.check(['qa@example.com', recipient]));
    t.match(error, { code: 'recipient_not_allowed', status: 403, message: /^1 of the 2 recipients/ }, recipient);
    if (recipient !== '') t.notMatch(error.message, recipient);
  }
});

t.test('with a list, a message to nobody known does not pass; without one, everything does', async (t) => {
  t.match(
    thrownBy(() => allowlist('@test.example').check([])),
    { code: 'recipient_not_allowed' },
  );
  t.match(
    thrownBy(() => createAllowlist([]).check(['a@b.c'])),
    { code: 'recipient_not_allowed' },
  );
  t.doesNotThrow(() => createAllowlist(null).check(['a@b.c']));
  t.doesNotThrow(() => createAllowlist(null).check([]));
});

t.test('an entry that could never match is no entry', async (t) => {
  for (const text of ['', '@', 'example.com', '054-444-4444', '+', 'a@b@c', 'Name <a@b.c>']) {
    t.equal(parseAllowlistEntry(text), null, text);
  }
});
