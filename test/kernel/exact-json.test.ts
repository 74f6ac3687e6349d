import t from 'tap';
import { GatewayError } from '../../src/kernel/errors.ts';
import { findLargeNumbers, MAX_DEPTH, parseExact } from '../../src/kernel/exact-json.ts';

function refusal(text: string): GatewayError {
  try {
    parseExact(text);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

t.test('every digit survives', async (t) => {
  const numbers = [
    '9007199254740993',
    '-9223372036854775808',
    '12345678901234567890',
    '1.0',
    '1.10',
    '1e400',
    '-0',
    '1E2',
  ];
  for (const number of numbers) {
    for (const text of [`{"n":${number}}`, `[${number}]`, `{"a":[{"b":${number}}]}`, number]) {
      t.equal(JSON.stringify(parseExact(text)), text);
    }
  }
});

t.test('ordinary numbers, and digits inside texts, stay ordinary values', async (t) => {
  const text = '{"n":123456789012345,"z":0,"d":-1,"text":"1.50 on 2024-05-01, 12345678901234567890, -0"}';
  t.same(parseExact(text), JSON.parse(text));
  t.same(parseExact('{"small":0.5,"big":12345678901234567890}'), {
    small: 0.5,
    big: JSON.rawJSON('12345678901234567890'),
  });
});

t.test('digits are told from what looks like them in a text, whatever stands before and behind', async (t) => {
  const { raw } = String;
  const strings = ['"12:34.5"', '"2026-11-29T20:51:07.000Z"', raw`"\\"`, raw`"\\\"12:34.5"`, raw`"\"12:34.5"`, '" -0"'];
  const numbers = ['1', '-0', '1.50', '1e5', '12345678901234567890'];
  for (const before of strings) {
    for (const number of numbers) {
      for (const behind of strings) {
        const text = `[${before},${number},${behind}]`;
        t.equal(JSON.stringify(parseExact(text)), text);
      }
    }
  }
});

t.test('a member called __proto__ is a member like any other', async (t) => {
  for (const number of ['1', '1.0']) {
    const parsed = parseExact(`{"__proto__":{"admin":${number}},"a":1}`) as Record<string, unknown>;
    t.equal(parsed['admin'], undefined);
    t.equal(Object.getPrototypeOf(parsed), Object.prototype);
    t.strictSame(Object.keys(parsed), ['__proto__', 'a']);
  }
});

t.test('broken JSON is refused with its position and without its content', async (t) => {
  const cases: [string, number][] = [
    ['', 0],
    ['{"a": secret}', 6],
    ['{"text":"secret', 15],
    ["{'secret':1}", 1],
    ['{"secret":NaN}', 10],
    ['{"secret":01}', 11],
    [`{"a":"${'secret '.repeat(1000)}", b}`, 7009],
  ];
  for (const [text, position] of cases) {
    const error = refusal(text);
    t.equal(error.code, 'invalid_request');
    t.equal(error.options.faults?.[0]?.pointer, '');
    t.match(error.message, new RegExp(`position ${position}$`), text.slice(0, 20));
    t.notMatch(JSON.stringify([error.message, error.options.faults]), 'secret');
  }
  t.notMatch(refusal('[,]').message, ',]');
});

t.test('nesting is bounded', async (t) => {
  const nested = (depth: number, core = '') => '['.repeat(depth) + core + ']'.repeat(depth);
  t.ok(parseExact(nested(MAX_DEPTH)));
  t.ok(parseExact(nested(MAX_DEPTH, '1.0')));
  t.match(refusal(nested(MAX_DEPTH + 1)).message, /20 levels/);
  t.match(refusal(nested(500_000, '1.0')).message, /20 levels/);
  t.match(refusal(`${'{"a":'.repeat(100_000)}1.0${'}'.repeat(100_000)}`).message, /20 levels/);
  t.match(refusal('['.repeat(1 << 20)).message, /position 1048576/);
});

t.test('numbers beyond 2^53-1 are found where they stand', async (t) => {
  const text = '{"a/b":9007199254740992,"c":[1,-9007199254740992,1e400],"d":9007199254740991,"e":"9007199254740992"}';
  const faults = findLargeNumbers(parseExact(text), '/content');
  t.strictSame(
    faults.map(({ pointer }) => pointer),
    ['/content/a~1b', '/content/c/1', '/content/c/2'],
  );
  t.match(faults[0]?.message, /write it as a string/);
  t.equal(findLargeNumbers(parseExact(`[${Array(100).fill('1e30').join()}]`)).length, 20);
});
