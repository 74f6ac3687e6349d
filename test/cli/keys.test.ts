import { hash } from 'node:crypto';
import t from 'tap';
import { parse } from 'yaml';
import { keysNew } from '../../src/cli/keys.ts';

t.test('a new key is long, different every time, and shown with the hash that the file takes', async (t) => {
  const { text } = keysNew('billing');
  const [key = '', ...others] = text.match(/cbg_[\w-]{43}\b/g) ?? [];

  t.strictSame(others, [], 'the key stands there once');
  t.not(keysNew('billing').text, text);
  const snippet = text.slice(text.indexOf('callers:'));
  t.strictSame(parse(snippet), { callers: { billing: { keys: [`sha256:${hash('sha256', key)}`] } } });
  t.notMatch(snippet, key);
});

t.test('the snippet is right for names that YAML would read as something else', async (t) => {
  for (const name of ['123', 'true', 'null', '1.5', 'a.b', '0x1F']) {
    const { text } = keysNew(name);
    t.strictSame(Object.keys(parse(text.slice(text.indexOf('callers:')), { stringKeys: true }).callers), [name]);
  }
});

t.test('a name that no caller can have is refused', async (t) => {
  for (const name of ['', 'a b', '-a', '../x', 'a'.repeat(65), 'ü', 'a\n']) {
    t.throws(() => keysNew(name), { name: 'ConfigError' }, JSON.stringify(name));
  }
});
