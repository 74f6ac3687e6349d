import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { canonicalJson } from '../../src/kernel/canonical-json.ts';

t.test('texts that say the same have one form', async (t) => {
  const groups: [string, string[]][] = [
    ['{"a":1,"b":[true,null,{"c":"x","d":{}}]}', [' {\n"b" :\t[true , null,{"d":{ },"c":"x"}],\r\n"a": 1 }']],
    ['"é/\\n\\u0001\\"😀"', ['"\\u00e9\\/\\u000a\\u0001\\u0022\\uD83D\\ude00"', ' "é\\/\\n\\u0001\\"😀" ']],
    ['{"A":1,"a":2,"é":3,"😀":4,"\uFB33":5}', ['{"\\uFB33":5,"\\ud83d\\ude00":4,"\\u00e9":3,"\\u0061":2,"A":1}']],
    ['{"":{"":[]},"__proto__":{"x":1},"constructor":2}', ['{"constructor":2,"__proto__":{"x":1},"":{"":[ ]}}']],
    ['{"a":[1,2],"b":"{\\"z\\": 1, \\"a\\": 2}"}', ['{"b": "{\\"z\\": 1, \\"a\\": 2}", "a": [1, 2]}']],
    ['"\\\\"', ['"\\u005c"', ' "\\\\"']],
    ['"\\ud800"', ['"\ud800"', '"\\uD800"']],
  ];
  for (const [canonical, texts] of groups) {
    for (const text of [canonical, ...texts]) t.equal(canonicalJson(text), canonical);
  }
});

t.test('texts that a reader could take differently have different forms', async (t) => {
  const groups = [
    ['1', '1.0', '1e0', '1E0', '10e-1', '"1"', '[1]'],
    ['0', '-0', '0.0'],
    ['9007199254740993', '9007199254740992'],
    ['{"a":1,"a":2}', '{"a":2,"a":1}', '{"a":2}', '{"a":1}', '{"a":1,"\\u0061":1}'],
    ['{"x":{"a":1,"a":2}}', '{"x":{"a":2,"a":1}}'],
    ['[1,2]', '[2,1]', '[12]', '[[1],2]', '[[1,2]]'],
    ['{"a":"b"}', '["a","b"]', '"{\\"a\\":\\"b\\"}"'],
    ['""', '" "', '"\\u0000"', 'null', '"null"', '[]', '{}', '[{}]', '[[]]'],
  ];
  for (const texts of groups) t.equal(new Set(texts.map(canonicalJson)).size, texts.length, texts.join(' '));
  t.equal(canonicalJson('{"a":1,"b":0,"a":2}'), canonicalJson('{"b":0,"a":1,"a":2}'), 'every reader agrees on these');
});

t.test('whatever the JSON, nothing but its order and white space is lost', async () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value: unknown = JSON.parse(text);
      const canonical = canonicalJson(text);
      const spaced = canonicalJson(JSON.stringify(value, null, '\t '));
      const keepsAll = isDeepStrictEqual(JSON.parse(canonical), value);
      return keepsAll && spaced === canonicalJson(JSON.stringify(value)) && canonicalJson(canonical) === canonical;
    }),
  );
});

t.test('what is no JSON is refused and never quoted', async (t) => {
  for (const text of ['', 'secret', '{"a":secret}', '"secret', '[1,]', '{"a" 1}', '1 2', '['.repeat(1 << 20)]) {
    t.throws(() => canonicalJson(text), new SyntaxError('must be valid JSON'));
  }
});

t.test('the largest requests take no stack', async (t) => {
  const half = 1 << 19;
  t.equal(canonicalJson(`${'['.repeat(half)} ${']'.repeat(half)}`).length, 2 * half);
  const depth = 70_000;
  const nested = `${'{"b":1,"a":'.repeat(depth)}0${'}'.repeat(depth)}`;
  t.ok(canonicalJson(nested).endsWith(`0${',"b":1}'.repeat(depth)}`));
  for (const unit of ['x', '\\\\', '\\"', '\\u0000']) {
    const text = `"${unit.repeat(half / unit.length)}"`;
    t.ok(canonicalJson(text) === text);
  }
});
