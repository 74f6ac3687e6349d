import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reloadDirectory } from '../../src/config/reload-directory.ts';
import { disk, keyHash, load, loadYaml, MINIMUM, namesOf, problemsOf } from './fixtures.ts';

const HASH = keyHash('one');
const STREAMS = 'streams: { invoices: { channel: email, id: "9" }, alerts: { channel: sms, id: 532 } }\n';

t.test('the example that ships is accepted and means what it says', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../gateway.example.yaml'), 'utf8');
  const config = await load(
    { COMMBOX_API_KEY: 'k', COMMBOX_MANAGER_ID: '7' },
    { 'gateway.yaml': text, '/run/secrets/brand_b': 'brand-key\n' },
  );

  t.match(config.directory.streams, [
    {
      alias: 'invoices',
      channel: 'email',
      id: 'pE6q0uPbXiwBNLiTvKsDMw==',
      account: 'default',
      defaults: { managerId: 12345, status: 'sent' },
    },
    { alias: 'alerts', channel: 'sms', id: '532', defaults: { managerId: 36197 }, lane: 'critical', ttlHours: 1 },
    { alias: 'sms', channel: 'sms', id: '533', account: 'default' },
    { alias: 'brand-b-news', account: 'brand-b', defaults: { managerId: '7' }, lane: 'bulk' },
  ]);
  t.strictSame(config.directory.callers[0]?.caller, {
    name: 'billing',
    admin: false,
    channels: new Set(['email', 'sms']),
    streams: new Set(['invoices', 'alerts', 'sms']),
    rawIds: false,
    highestLane: 'normal',
    defaultLane: 'normal',
    weight: 2,
    criticalShare: 0.25,
    rateLimit: { max: 600, windowSeconds: 60 },
  });
  t.strictSame(
    config.accounts.map(({ name }) => name),
    ['default', 'brand-b'],
  );
  t.match(config.accounts[1], { rate: 20, concurrency: 8 });
  t.strictSame(config.accounts[1]?.keys(), { current: 'brand-key', next: null });
});

t.test('a caller that says nothing gets every alias, every channel, lane normal and the common limit', async (t) => {
  const yaml = `${STREAMS}callers: { a: { keys: ["${HASH}"] }, b: { keys: ["${keyHash('2')}"], lane: bulk, streams: ["*"], rateLimit: { max: 0 } } }`;
  const { directory } = await loadYaml(yaml, { RATE_LIMIT_MAX: '5' });
  const [, a, b] = directory.callers.map(({ caller }) => caller);
  t.match(a, {
    channels: 'all',
    streams: 'all',
    rawIds: false,
    highestLane: 'normal',
    defaultLane: 'normal',
    weight: 1,
    criticalShare: 0.5,
  });
  t.strictSame(a?.rateLimit, { max: 5, windowSeconds: 60 });
  t.match(b, { streams: 'all', rawIds: true, highestLane: 'bulk', defaultLane: 'bulk', rateLimit: null });
});

const problems: Record<string, { yaml: string; names: string[]; env?: Record<string, string> }> = {
  'an unknown section': { yaml: 'caller: {}', names: ['caller'] },
  'a section that is a list': { yaml: 'callers: []', names: ['callers'] },
  'a file that is a list': { yaml: '- a', names: ['/srv/gateway/gateway.yaml'] },
  'a plain key in place of its hash': {
    yaml: 'callers: { a: { keys: [plain-secret] } }',
    names: ['callers.a.keys[0]'],
  },
  'a short hash': { yaml: `callers: { a: { keys: ["${HASH.slice(0, -1)}"] } }`, names: ['callers.a.keys[0]'] },
  'no key': { yaml: 'callers: { a: {} }', names: ['callers.a.keys'] },
  'an unknown field of a caller': {
    yaml: `callers: { a: { keys: ["${HASH}"], chanels: [sms] } }`,
    names: ['callers.a.chanels'],
  },
  'one key for two callers': {
    yaml: `callers: { a: { keys: ["${HASH}"] }, b: { keys: ["${HASH.toUpperCase().replace('SHA', 'sha')}"] } }`,
    names: ['callers.b.keys[0]'],
  },
  'one key twice': { yaml: `callers: { a: { keys: ["${HASH}", "${HASH}"] } }`, names: ['callers.a.keys[1]'] },
  'the key of GATEWAY_API_KEY again': {
    yaml: `callers: { a: { keys: ["${keyHash(MINIMUM.GATEWAY_API_KEY)}"] } }`,
    names: ['callers.a.keys[0]'],
  },
  'caller default beside GATEWAY_API_KEY': {
    yaml: `callers: { default: { keys: ["${HASH}"] } }`,
    names: ['callers.default'],
  },
  'a name that no caller can have': { yaml: `callers: { "a b": { keys: ["${HASH}"] } }`, names: ['callers["a b"]'] },
  'a default lane above the highest': {
    yaml: `callers: { a: { keys: ["${HASH}"], lane: bulk, defaultLane: normal } }`,
    names: ['callers.a.defaultLane'],
  },
  'an unknown lane, channel and weight': {
    yaml: `callers: { a: { keys: ["${HASH}"], lane: high, channels: [fax], weight: 0 } }`,
    names: ['callers.a.channels[0]', 'callers.a.lane', 'callers.a.weight'],
  },
  'a critical share of nothing, and of more than everything': {
    yaml: `callers: { a: { keys: ["${HASH}"], criticalShare: 0 }, b: { keys: ["${keyHash('2')}"], criticalShare: 50 } }`,
    names: ['callers.a.criticalShare', 'callers.b.criticalShare'],
  },
  'a stream that nobody configured': {
    yaml: `${STREAMS}callers: { a: { keys: ["${HASH}"], streams: [invoices, invioces] } }`,
    names: ['callers.a.streams[1]'],
  },
  'a stream without id and channel': { yaml: 'streams: { a: {} }', names: ['streams.a.channel', 'streams.a.id'] },
  'an unknown default of a stream': {
    yaml: 'streams: { a: { channel: sms, id: "1", subject: x } }',
    names: ['streams.a.subject'],
  },
  'a default that its field does not allow': {
    yaml: 'streams: { a: { channel: sms, id: "1", status: sended, managerId: 1.5 } }',
    names: ['streams.a.managerId', 'streams.a.status'],
  },
  'presets that every request would be refused for': {
    yaml: JSON.stringify({
      streams: {
        a: { channel: 'sms', id: '1', content: { To: ['1'] }, to: '12' },
        b: { channel: 'email', id: '2', text: 'x', html: '<p>', content: { subject: 'x' } },
        c: { channel: 'email', id: '3', attachments: [{ filename: 'a', content: 'no base64!' }, { filename: 'b' }] },
        d: { channel: 'email', id: '4', attachments: [{ filename: 'a', content: 'no base64!' }] },
        e: { channel: 'whatsapp', id: '5', customer: { phone: 'none' } },
      },
    }),
    names: [
      'streams.a.content.To',
      'streams.a.to',
      'streams.b.content.subject',
      'streams.b.html',
      'streams.c.attachments[1]',
      'streams.d.attachments[0].content',
      'streams.e.customer.phone',
    ],
  },
  'an unknown account': {
    yaml: 'streams: { a: { channel: sms, id: "1", account: brand-x } }',
    names: ['streams.a.account'],
  },
  'one CommBox id twice': {
    yaml: 'streams: { a: { channel: sms, id: "1" }, b: { channel: chat, id: 1 } }',
    names: ['streams.b'],
  },
  'the id of a variable again': {
    yaml: 'streams: { a: { channel: sms, id: "1" } }',
    env: { COMMBOX_SMS_STREAM: '1' },
    names: ['streams.a'],
  },
  'the alias of a variable again': {
    yaml: 'streams: { sms: { channel: sms, id: "1" } }',
    env: { COMMBOX_SMS_STREAM: '2' },
    names: ['streams.sms'],
  },
  'a default alias of another channel': {
    yaml: 'streams: { email: { channel: sms, id: "1" } }',
    names: ['streams.email'],
  },
  'names with a slash': {
    yaml: 'streams: { a/b: { channel: sms, id: "1", status: x } }\naccounts: { c/d: { keyFile: gone } }\ncallers: { e/f: {} }',
    names: [
      'accounts["c/d"]',
      'accounts["c/d"].keyFile',
      'callers["e/f"]',
      'callers["e/f"].keys',
      'streams["a/b"]',
      'streams["a/b"].status',
    ],
  },
  'an alias that looks like an id': { yaml: 'streams: { "532": { channel: sms, id: "1" } }', names: ['streams[532]'] },
  'an alias that another stream has as id': {
    yaml: 'streams: { a: { channel: sms, id: "b" }, b: { channel: sms, id: "1" } }',
    names: ['streams.b'],
  },
  'an id that a number cannot hold': {
    yaml: 'streams: { a: { channel: sms, id: 9223372036854775807 } }',
    names: ['streams.a.id'],
  },
  'an account called default': {
    yaml: 'accounts: { default: { url: https://cb.example, keyFile: key } }',
    names: ['accounts.default', 'accounts.default.keyFile'],
  },
  'an account without a key file, on plain HTTP': {
    yaml: 'accounts: { b: { url: http://cb.example, keyFile: gone }, c: { url: https://cb.example } }',
    names: ['accounts.b.keyFile', 'accounts.b.url', 'accounts.c.keyFile'],
  },
  'a key file that is not there': { yaml: 'accounts: { b: { keyFile: gone } }', names: ['accounts.b.keyFile'] },
  'faults of fields beside things that do not fit together': {
    yaml: 'streams: { a: { channel: sms, id: "1", stats: x }, b: { channel: sms, id: "1" } }\ncallers: { c: { keys: [x], lane: top, streams: [z] } }',
    names: ['callers.c.keys[0]', 'callers.c.lane', 'callers.c.streams[0]', 'streams.a.stats', 'streams.b'],
  },
  'more faults in an entry than an answer would list': {
    yaml: `callers: { c: { ${Array.from({ length: 19 }, (_, i) => `x${i}: 1`).join(', ')}, lane: 1, streams: 7, keys: 8 } }`,
    names: ['lane', 'keys', 'streams', ...Array.from({ length: 19 }, (_, i) => `x${i}`)]
      .map((name) => `callers.c.${name}`)
      .sort(),
  },
  'a repeated key': { yaml: 'streams: {}\nstreams: {}', names: ['/srv/gateway/gateway.yaml:2:1'] },
  'a number that may mean another': {
    yaml: 'streams: { a: { channel: sms, id: 0532 } }',
    names: ['/srv/gateway/gateway.yaml:1:35'],
  },
  'a tag': { yaml: 'streams: !!set {}', names: ['/srv/gateway/gateway.yaml:1:10'] },
  'two documents': { yaml: 'streams: {}\n---\ncallers: {}', names: ['/srv/gateway/gateway.yaml:2:1'] },
};

t.test('every mistake in the file is found where it stands', async (t) => {
  for (const [name, { yaml, names, env }] of Object.entries(problems)) {
    t.strictSame(await namesOf(loadYaml(yaml, env)), names, name);
  }
});

t.test('however many mistakes an entry has, all are listed, and what does not fit together beside them', async (t) => {
  const fields = Array.from({ length: 40 }, (_, i) => `f${i}: 1`);
  const found = await namesOf(
    loadYaml(`streams: { a: { channel: sms, id: "1", account: nope, ${fields.join(', ')} } }`),
  );
  t.equal(found.length, 41);
  t.ok(found.includes('streams.a.f39') && found.includes('streams.a.account'));
});

t.test('mistakes of file and environment come together, and none quotes a value', async (t) => {
  const yaml = 'callers: { a: { keys: [plain-secret] } }\nstreams: { b: { channel: fax, id: "1" } }';
  const found = await problemsOf(loadYaml(yaml, { PORT: 'x' }));
  t.strictSame(
    found.map(({ name }) => name),
    ['PORT', 'streams.b.channel', 'callers.a.keys[0]'],
  );
  t.notMatch(JSON.stringify(found), 'plain-secret');

  const broken = await problemsOf(loadYaml('callers: { a: { keys: [plain-secret'));
  t.ok(broken.length > 0);
  t.notMatch(JSON.stringify(broken), 'plain-secret');
});

t.test('a stream may preset whatever some request can go with', async (t) => {
  const streams = {
    a: { channel: 'sms', id: '1', to: '050-1234567', text: 'x', sendToClient: true, expiresAt: '2020-01-01T00:00:00Z' },
    b: {
      channel: 'email',
      id: '2',
      html: '<p>',
      attachments: [{ filename: 'a', content: 'AA==' }],
      from: 'a@b.example',
    },
    c: { channel: 'whatsapp', id: '3', template: { name: 't', language: 'en' }, customer: { id: '1' } },
    d: { channel: 'chat', id: '4', identity: 'x', content: { a: 1 } },
  };
  const env = { ...MINIMUM, DEFAULT_COUNTRY: 'IL' };
  t.strictSame(await problemsOf(load(env, { 'gateway.yaml': JSON.stringify({ streams }) })), []);
});

t.test('an empty file and empty sections are fine', async (t) => {
  for (const yaml of ['', '# nothing yet\n', 'streams:\ncallers:\naccounts:\n']) {
    t.strictSame(await problemsOf(loadYaml(yaml)), []);
  }
});

t.test('a file that GATEWAY_CONFIG names must exist; the default one need not', async (t) => {
  t.strictSame(await namesOf(load({ ...MINIMUM, GATEWAY_CONFIG: 'other.yaml' })), ['GATEWAY_CONFIG']);
  t.strictSame(await namesOf(load(MINIMUM, { 'gateway.yaml': { code: 'EACCES' } })), ['GATEWAY_CONFIG']);
  const config = await load(
    { ...MINIMUM, GATEWAY_CONFIG: 'conf/g.yaml' },
    { 'conf/g.yaml': 'accounts: { b: { keyFile: b.key } }', 'conf/b.key': 'k' },
  );
  t.equal(config.accounts[1]?.key.file, '/srv/gateway/conf/b.key', 'key files are relative to the YAML file');
});

t.test('under GATEWAY_AUTH=off, an entry called default says what everyone may do', async (t) => {
  const yaml = `${STREAMS}callers: { default: { channels: [sms] } }`;
  const config = await load({ COMMBOX_API_KEY: 'k', GATEWAY_AUTH: 'off' }, { 'gateway.yaml': yaml });
  t.match(config.directory.anonymous, { name: 'default', admin: false, channels: new Set(['sms']) });
});

t.test('a reload brings the new file under the old environment, or says why not', async (t) => {
  const files: Parameters<typeof disk>[0] = {};
  const config = await load({ ...MINIMUM, COMMBOX_SMS_STREAM: '1' }, files);

  const yaml = 'streams: { b: { channel: sms, id: "2" } }\naccounts: { x: { keyFile: x.key } }';
  t.strictSame(await namesOf(reloadDirectory(yaml, config.file, config.accounts)), ['accounts.x.keyFile']);

  files['x.key'] = 'k';
  const { directory, accounts } = await reloadDirectory(yaml, config.file, config.accounts);
  t.strictSame(
    directory.streams.map(({ alias }) => alias),
    ['sms', 'b'],
  );
  t.equal(accounts[0], config.accounts[0], 'the default account is the same one');
  t.equal(accounts[1]?.keys().current, 'k');
});

t.test('an account whose entry is the same stays the same, even if its key file is gone for now', async (t) => {
  const files: Parameters<typeof disk>[0] = { 'x.key': 'k1', 'y.key': 'k2' };
  const yaml = (concurrency: number) =>
    `accounts: { y: { keyFile: y.key, concurrency: ${concurrency} }, x: { keyFile: x.key } }`;
  const config = await load(MINIMUM, { ...files, 'gateway.yaml': yaml(1) });
  delete files['x.key'];
  const file = { ...config.file, readFile: disk(files) };

  const { accounts } = await reloadDirectory(yaml(2), file, config.accounts);
  t.strictSame(
    accounts.map(({ name, concurrency }) => [name, concurrency]),
    [
      ['default', 32],
      ['y', 2],
      ['x', 32],
    ],
  );
  t.equal(accounts[2], config.accounts[2]);
  t.not(accounts[1], config.accounts[1]);
});
