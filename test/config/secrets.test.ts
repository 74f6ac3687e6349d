import { inspect } from 'node:util';
import t from 'tap';
import { load, MINIMUM, namesOf, problemsOf } from './fixtures.ts';

const FROM_FILE = { ...MINIMUM, COMMBOX_API_KEY: '', COMMBOX_API_KEY_FILE: 'secrets/key' };

t.test('a secret can come from a file, whose last line end is cut', async (t) => {
  for (const content of ['from-file', 'from-file\n', 'from-file\r\n']) {
    const config = await load(FROM_FILE, { 'secrets/key': content });
    t.strictSame(config.accounts[0]?.keys(), { current: 'from-file', next: null });
  }
});

t.test('every secret can come from a file', async (t) => {
  const config = await load(
    {
      COMMBOX_API_KEY_FILE: 'a',
      COMMBOX_API_KEY_NEXT_FILE: 'b',
      GATEWAY_API_KEY_FILE: 'c',
      DATABASE_URL_FILE: 'd',
      HTTPS_PROXY_FILE: 'e',
    },
    { a: 'one', b: 'two', c: MINIMUM.GATEWAY_API_KEY, d: 'postgres://db/x', e: 'http://u:p@proxy' },
  );
  t.strictSame(config.accounts[0]?.keys(), { current: 'one', next: 'two' });
  t.equal(config.directory.callers.length, 1);
  t.strictSame([config.databaseUrl(), config.proxy.https()], ['postgres://db/x', 'http://u:p@proxy']);
});

t.test('a file that cannot be used is a problem that names the path and never the content', async (t) => {
  const files = { missing: { code: 'ENOENT' }, closed: { code: 'EACCES' }, empty: '\n', odd: 'a key with spaces' };
  for (const name of Object.keys(files)) {
    const problems = await problemsOf(load({ ...FROM_FILE, COMMBOX_API_KEY_FILE: name }, files));
    t.match(problems, [{ name: 'COMMBOX_API_KEY_FILE', message: `/srv/gateway/${name}` }]);
    t.equal(problems.length, 1);
    t.notMatch(problems[0]?.message, 'with spaces');
  }
  t.strictSame(await namesOf(load({ ...FROM_FILE, COMMBOX_API_KEY: 'both' }, { 'secrets/key': 'x' })), [
    'COMMBOX_API_KEY',
  ]);
});

t.test('a changed file gives a new key; one that is gone, empty or half-written leaves the old', async (t) => {
  const files: Record<string, string | { code: string }> = { 'secrets/key': 'first' };
  const [account] = (await load(FROM_FILE, files)).accounts;
  const change = async (content: string | { code: string }) => {
    files['secrets/key'] = content;
    return [await account?.key.refresh(), account?.keys().current];
  };

  t.strictSame(await change('first\n'), ['unchanged', 'first']);
  t.strictSame(await change('second'), ['changed', 'second']);
  t.strictSame(await change(''), ['unusable', 'second']);
  t.strictSame(await change({ code: 'ENOENT' }), ['unusable', 'second']);
  t.match(account?.key.problem(), /cannot read the file .*ENOENT/);
  t.strictSame(await change('half\u0000'), ['unusable', 'second']);
  t.match(account?.key.problem(), /the content of .* is not allowed/);
  t.notMatch(account?.key.problem(), /half/);
  t.strictSame(await change('third'), ['changed', 'third']);
  t.equal(account?.key.problem(), null);
  t.equal(account?.key.file, '/srv/gateway/secrets/key');
});

t.test('a configuration that is printed or serialised shows no secret', async (t) => {
  const config = await load({
    ...MINIMUM,
    COMMBOX_API_KEY_NEXT: 'next-secret',
    DATABASE_URL: 'postgres://u:db-secret@db/x',
    HTTPS_PROXY: 'http://u:proxy-secret@proxy',
    RECIPIENT_ALLOWLIST: 'person@example.com',
  });
  const printed = inspect(config, { depth: Infinity, showHidden: true }) + JSON.stringify(config);
  for (const secret of [...Object.values(MINIMUM), 'next-secret', 'db-secret', 'proxy-secret', 'person@example.com']) {
    t.notOk(printed.includes(secret), secret);
  }
});
