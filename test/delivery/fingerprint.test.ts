import { createHash } from 'node:crypto';
import t from 'tap';
import { createFingerprinter, type KeyedRequest, parseIdempotencyKey } from '../../src/delivery/fingerprint.ts';

const { claim } = createFingerprinter(Buffer.alloc(32, 1));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const pdf = { name: 'invoice.pdf', contentType: 'application/pdf', sha256: sha256('one') };
const sheet = { name: 'גיליון.xlsx', contentType: null, sha256: sha256('two') };

const first: KeyedRequest = {
  caller: 'billing',
  route: '/v1/email',
  key: 'order-1',
  jsonText: '{"to":"a@example.com","managerId":1,"content":{"x":1.0,"y":[1,2]}}',
  streamId: null,
  files: [pdf, sheet],
};
const claimOf = (change: Partial<KeyedRequest>) => claim({ ...first, ...change });

t.test('the same request said in another way is the same request', async (t) => {
  const same: Partial<KeyedRequest>[] = [
    { jsonText: ' {\n "to" : "a@example.com", "managerId": 1, "content": { "x": 1.0, "y": [1, 2] } }\r\n' },
    { jsonText: '{"content":{"y":[1,2],"x":1.0},"managerId":1,"to":"a@example.com"}' },
    { jsonText: first.jsonText.replace('a@', '\\u0061\\u0040') },
    { files: [sheet, pdf] },
    { files: [{ sha256: sheet.sha256, contentType: sheet.contentType, name: sheet.name }, { ...pdf }] },
  ];
  for (const change of same) t.strictSame(claimOf(change), claim(first), JSON.stringify(change));
});

t.test('another request with the same key has the same scope and another fingerprint', async (t) => {
  const others: Partial<KeyedRequest>[] = [
    { jsonText: first.jsonText.replace('1.0', '1') },
    { jsonText: first.jsonText.replace('"managerId":1', '"managerId":9007199254740993') },
    { jsonText: first.jsonText.replace('"managerId":1', '"managerId":9007199254740992') },
    { jsonText: first.jsonText.replace('"managerId":1', '"managerId":"1"') },
    { jsonText: first.jsonText.replace('[1,2]', '[2,1]') },
    { jsonText: first.jsonText.replace('example', 'Example') },
    { jsonText: first.jsonText.replace('{"to"', '{"to":"b@example.com","to"') },
    { streamId: '532' },
    { streamId: '' },
    { files: [] },
    { files: [pdf] },
    { files: [pdf, sheet, sheet] },
    { files: [pdf, pdf, sheet] },
    { files: [{ ...pdf, name: 'invoice2.pdf' }, sheet] },
    { files: [{ ...pdf, contentType: 'text/plain' }, sheet] },
    { files: [pdf, { ...sheet, contentType: 'null' }] },
    { files: [pdf, { ...sheet, contentType: '' }] },
    {
      files: [
        { ...pdf, sha256: sheet.sha256 },
        { ...sheet, sha256: pdf.sha256 },
      ],
    },
    { files: [{ ...pdf, sha256: sha256('One') }, sheet] },
  ];
  const fingerprints = [{}, ...others].map((change) => {
    const { scope, fingerprint } = claimOf(change);
    t.equal(scope, claim(first).scope);
    return fingerprint;
  });
  t.equal(new Set(fingerprints).size, others.length + 1);
});

t.test('each caller and each route has keys of its own', async (t) => {
  const claims = [
    {},
    { caller: 'shop' },
    { route: '/v1/sms' },
    { key: 'order-2' },
    { caller: 'billing/v1', route: '/email' },
    { caller: 'billing","/v1/email' },
  ].map(claimOf);
  t.equal(new Set(claims.map(({ scope }) => scope)).size, claims.length);
  t.equal(new Set(claims.map(({ fingerprint }) => fingerprint)).size, claims.length, 'not to be linked in the store');
});

t.test('what is stored shows nothing without the secret', async (t) => {
  const { scope, fingerprint } = claim(first);
  for (const text of [scope, fingerprint]) t.match(text, /^[\da-f]{64}$/);
  const other = createFingerprinter(Buffer.alloc(32, 2)).claim(first);
  t.not(other.scope, scope);
  t.not(other.fingerprint, fingerprint);
  t.strictSame(createFingerprinter(Buffer.alloc(32, 1)).claim(first), { scope, fingerprint }, 'after a restart too');
});

t.test('a key is taken bare or quoted', async (t) => {
  const keys: [string, string][] = [
    ['8e03978e-40d5', '8e03978e-40d5'],
    ['"8e03978e-40d5"', '8e03978e-40d5'],
    ['a', 'a'],
    ['a b~!,;', 'a b~!,;'],
    ['"a b~!,;"', 'a b~!,;'],
    ['say "hi" \\n', 'say "hi" \\n'],
    ['"say \\"hi\\" \\\\n"', 'say "hi" \\n'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ];
  for (const [header, key] of keys) t.equal(parseIdempotencyKey(header), key);
  t.equal(parseIdempotencyKey(['one']), 'one');
  t.equal(parseIdempotencyKey(undefined), null);
});

t.test('what is no key is refused with the rule, and not repeated', async (t) => {
  const headers = [
    ...[
      '',
      '""',
      '"',
      '"secret',
      '"secret" ',
      '"se"cret"',
      '"secret", "secret"',
      '"secret";a=1',
      '"secret\\n"',
      '"secret\\"',
    ],
    ...[
      'k'.repeat(256),
      `"${'k'.repeat(256)}"`,
      'sécret',
      '"sécret"',
      'secret\n',
      'se\tcret',
      'secret\u007f',
      '"secret\u0000"',
    ],
    ...[[], ['secret', 'secret']],
  ];
  for (const header of headers) {
    t.throws(() => parseIdempotencyKey(header), {
      code: 'invalid_request',
      message:
        'the header Idempotency-Key must be one key of 1 to 255 printable ASCII characters, bare or in double quotes',
      options: { faults: [{ pointer: '' }] },
    });
  }
});
