import t from 'tap';
import { GatewayError } from '../../src/kernel/errors.ts';
import { mayRepeatMembers, parseExact } from '../../src/kernel/exact-json.ts';
import { eachRepeatedMember } from '../../src/kernel/json-members.ts';

function repeatedIn(text: string): string[] {
  const paths: string[] = [];
  eachRepeatedMember(text, 20, (path) => paths.push(path.join('/')) > 0);
  return paths;
}

function pointersOf(text: string): string[] | undefined {
  try {
    parseExact(text);
  } catch (error) {
    if (error instanceof GatewayError) return error.options.faults?.map(({ pointer }) => pointer);
  }
  return undefined;
}

t.test('each repeated name is told once for its object, as it reads', async (t) => {
  const cases: [text: string, paths: string[]][] = [
    ['{"a":1,"b":[{"a":1},{"a":2}],"c":{"a":":"}}', []],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"a\\"":1,"a\\"" :2}', ['a"']],
    ['[0,[{"x":1,"x":1}],{"":1,"":2}]', ['1/0/x', '2/']],
    ['{"a":{"b":1,"b":2},"a":{"b":1}}', ['a/b', 'a']],
    ['{"a":"a","b":"a","c":["a","a"]}', []],
    ['{"text":"\\"a\\":1,\\"a\\":2"}', []],
  ];
  for (const [text, paths] of cases) {
    t.strictSame(repeatedIn(text), paths, text);
    t.equal(mayRepeatMembers(text, JSON.parse(text)), paths.length > 0, text);
  }
});

t.test('what nests too deep in a value that counts no more is passed over', async (t) => {
  const deep = `${'{"b":'.repeat(100_000)}{"x":1,"x":1}${'}'.repeat(100_000)}`;
  t.strictSame(repeatedIn(`{"a":${deep},"a":1}`), ['a']);
  t.strictSame(pointersOf(`{"a":${deep},"a":1}`), ['/a']);
});

t.test('no more than 20 are named', async (t) => {
  const members = Array.from({ length: 50_000 }, (_, i) => `"k${i}":1,"k${i}":2`).join(',');
  t.equal(pointersOf(`{${members}}`)?.length, 20);
});
