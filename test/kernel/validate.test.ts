import t from 'tap';
import Type from 'typebox';
import { findLargeNumbers, parseExact } from '../../src/kernel/exact-json.ts';
import { compileSchema } from '../../src/kernel/validate.ts';

const strict = { additionalProperties: false };
const person = Type.Object({ email: Type.String({ format: 'email' }), name: Type.Optional(Type.String()) }, strict);
const schema = Type.Object(
  {
    to: Type.Union([
      Type.String({ format: 'email' }),
      person,
      Type.Array(Type.Union([Type.String(), person]), { minItems: 1, maxItems: 3 }),
    ]),
    subject: Type.String({ minLength: 1, maxLength: 5, format: 'no-control' }),
    id: Type.Optional(
      Type.Union([Type.Integer({ minimum: -(2 ** 53) + 1, maximum: 2 ** 53 - 1 }), Type.String({ format: 'int64' })]),
    ),
    count: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
    ratio: Type.Optional(Type.Number({ minimum: 0 })),
    flag: Type.Optional(Type.Boolean()),
    kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b'), Type.Literal(3)])),
    fixed: Type.Optional(Type.Literal('x')),
    level: Type.Optional(Type.Enum(['low', 'high', 1])),
    code: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', expected: 'must be two capital letters' })),
    day: Type.Optional(Type.String({ format: 'date' })),
    at: Type.Optional(Type.String({ format: 'date-time' })),
    map: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Integer(), strict)),
    any: Type.Optional(Type.Unknown()),
  },
  strict,
);
const validator = compileSchema(schema);
const valid = { to: 'a@example.com', subject: 'Hi' };

function faultsOf(change: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    validator.faults({ ...valid, ...change }).map(({ pointer, message }) => [pointer, message]),
  );
}

t.test('each fault names its member and what is allowed, never the value', async (t) => {
  const cases: [Record<string, unknown>, Record<string, string | RegExp>][] = [
    [{ subject: 5 }, { '/subject': 'must be a string' }],
    [{ subject: '' }, { '/subject': 'must not be empty' }],
    [{ subject: 'secret' }, { '/subject': 'must be at most 5 characters' }],
    [{ subject: 'a\u0085' }, { '/subject': 'must not contain control characters or lone surrogates' }],
    [{ to: 'secret' }, { '/to': /^must be an e-mail address/ }],
    [{ to: true }, { '/to': 'must be a string or an object or a list' }],
    [{ to: [] }, { '/to': 'must not be an empty list' }],
    [{ to: ['a', 'a', 'a', 'a'] }, { '/to': 'must have at most 3 items' }],
    [{ to: ['a', { name: 'secret' }, 7] }, { '/to/1/email': 'is required', '/to/2': 'must be a string or an object' }],
    [{ to: { email: 'secret' } }, { '/to/email': /^must be an e-mail address/ }],
    [{ id: 2 ** 53 }, { '/id': /write it as a string/ }],
    [{ id: JSON.rawJSON('12345678901234567890') }, { '/id': /write it as a string/ }],
    [{ id: '9223372036854775808' }, { '/id': 'must be a whole number within int64, as digits' }],
    [{ id: true }, { '/id': 'must be an integer or a string' }],
    [{ count: 1.5 }, { '/count': 'must be an integer' }],
    [{ count: 11 }, { '/count': 'must be at most 10' }],
    [{ ratio: -1 }, { '/ratio': 'must be at least 0' }],
    [{ flag: 'true' }, { '/flag': 'must be true or false' }],
    [{ kind: 'secret' }, { '/kind': 'must be one of: a, b, 3' }],
    [{ fixed: 'secret' }, { '/fixed': 'must be x' }],
    [{ level: null }, { '/level': 'must be one of: low, high, 1' }],
    [{ code: 'secret' }, { '/code': 'must be two capital letters' }],
    [{ map: { UP: 1, ok: 'secret' } }, { '/map/UP': /not a known field/, '/map/ok': 'must be an integer' }],
    [{ 'a/b~': 1 }, { '/a~1b~0': /^is not a known field; allowed: to, subject, id/ }],
    [{ Subjct: 1 }, { '/Subjct': /did you mean subject\?/ }],
    [{ ['x'.repeat(500)]: 1 }, { '': /^has a member that is not a known field/ }],
  ];
  for (const [change, expected] of cases) {
    t.notOk(validator.check({ ...valid, ...change }), JSON.stringify(change));
    const faults = faultsOf(change);
    t.strictSame(Object.keys(faults), Object.keys(expected));
    t.match(faults, expected);
    t.notMatch(JSON.stringify(Object.values(faults)), 'secret');
  }
  t.strictSame(
    validator.faults({}).map(({ pointer }) => pointer),
    ['/to', '/subject'],
  );
  t.strictSame(validator.faults(null), [{ pointer: '', message: 'must be an object' }]);
});

t.test('a member called __proto__ is an unknown field', async (t) => {
  const body = parseExact('{"to":"a@example.com","subject":"Hi","__proto__":{"flag":true}}');
  t.notOk(validator.check(body));
  t.equal(validator.faults(body)[0]?.pointer, '/__proto__');
});

t.test('lengths count characters, not UTF-16 units', async (t) => {
  for (const [subject, ok] of [
    ['😀'.repeat(5), true],
    ['😀'.repeat(6), false],
    ['שלום!', true],
  ] as const) {
    t.equal(validator.check({ ...valid, subject }), ok);
    t.equal(validator.faults({ ...valid, subject }).length === 0, ok);
  }
});

t.test('formats', async (t) => {
  const cases: [string, string, boolean][] = [
    ['id', '0', true],
    ['id', '-9223372036854775808', true],
    ['id', '9223372036854775807', true],
    ['id', '-9223372036854775809', false],
    ['id', '007', false],
    ['id', '-0', false],
    ['id', '+1', false],
    ['id', '', false],
    ['day', '2024-02-29', true],
    ['day', '2023-02-29', false],
    ['day', '1990-1-2', false],
    ['day', '1990-13-01', false],
    ['at', '2030-01-31T08:00:00Z', true],
    ['at', '2030-01-31t08:00:00.123456+05:30', true],
    ['at', '2030-01-31T08:00:00', false],
    ['at', '2030-02-30T08:00:00Z', false],
    ['at', '2030-01-31T24:00:00Z', false],
    ['at', '2030-01-31T08:00:00Z[UTC]', false],
    ['at', '2030-01-31', false],
    ['at', '9999-12-31T23:59:59Z', true],
    ['at', '9999-12-31T23:59:59-00:01', false],
    ['at', '0000-01-01T00:00:00+00:01', false],
    ['to', 'o’neil@example.com', false],
    ['to', "o'neil+tag@sub.example.co.il", true],
    ['to', 'info@דוגמה.ישראל', true],
    ['to', 'a@b@example.com', false],
    ['to', 'Jane <jane@example.com>', false],
    ['to', 'a@-example.com', false],
    ['to', `a@${'b'.repeat(64)}.com`, false],
    ['to', `a@${`${'b'.repeat(60)}.`.repeat(5)}com`, false],
  ];
  for (const [field, text, ok] of cases) {
    t.equal(validator.check({ ...valid, [field]: text }), ok, `${field} ${text}`);
    t.equal(validator.faults({ ...valid, [field]: text }).length === 0, ok, `${field} ${text}`);
  }
  t.not(Number.isNaN(Date.parse('2030-01-31t08:00:00.123456+05:30')), 'what passes can be dated');
});

t.test('check and faults agree on every mutation', async (t) => {
  const values = [
    ...[
      null,
      true,
      0,
      -1,
      3,
      11,
      1.5,
      2 ** 53,
      '',
      'a',
      'x',
      'AB',
      'low',
      '0',
      '12',
      'a@example.com',
      '2024-02-29',
      '\n',
    ],
    ...[
      [],
      ['a'],
      [1],
      [['a']],
      Array(4).fill('a'),
      {},
      { email: 'a@example.com' },
      { email: 1 },
      { ok: 1 },
      { rawJSON: '1' },
    ],
    ...[
      JSON.rawJSON('1.0'),
      JSON.rawJSON('1e400'),
      { email: 'a@example.com', name: 'b', more: 1 },
      [{ email: 'x' }, 'y'],
    ],
  ];
  const names = [...Object.keys(schema.properties), 'unknown', '__proto__', 'toString'];
  let refused = 0;
  let seed = 7;
  const next = (bound: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * bound);
  };
  for (let round = 0; round < 4000; round++) {
    const body: Record<string, unknown> = { ...valid };
    for (let change = next(3); change >= 0; change--) {
      const value = values[next(values.length)];
      const name = names[next(names.length)] ?? '';
      if (next(8) === 0) delete body[name];
      else Object.defineProperty(body, name, { value, enumerable: true, configurable: true, writable: true });
    }
    const ok = validator.check(body);
    if (!ok) refused++;
    if (ok !== (validator.faults(body).length === 0)) t.fail(`disagree on ${JSON.stringify(body)}`);
  }
  t.ok(refused > 500 && refused < 3900, `${refused} of 4000 refused`);
});

t.test('a body of 260,000 mistakes costs no more than one of twenty', async (t) => {
  let visits = 0;
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, key) => {
        visits++;
        return Reflect.get(object, key);
      },
    });
  const list = compileSchema(Type.Object({ items: Type.Array(Type.Integer()) }, strict));
  const items = counted(new Array(260_000).fill('x'));
  t.equal(list.faults({ items }).length, 20);
  t.ok(visits < 100, `${visits} visits`);

  visits = 0;
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`m${index}`, 1]));
  t.equal(list.faults(counted(members)).length, 20);
  t.ok(visits < 100, `${visits} visits`);
  t.equal(findLargeNumbers(new Array(260_000).fill(1e300)).length, 20);
});

t.test('a keyword whose faults could not be explained is a mistake found at start', async (t) => {
  t.throws(() => compileSchema(Type.Object({ a: Type.Number({ multipleOf: 2 }) })), { message: /multipleOf/ });
});
