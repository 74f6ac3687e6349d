import { inspect } from 'node:util';
import t from 'tap';
import { ConfigError } from '../../src/config/problems.ts';
import { GATEWAY_KEY, load, MINIMUM, namesOf, problemsOf } from './fixtures.ts';

t.test('two keys are enough: everything else has a default', async (t) => {
  const config = await load(MINIMUM);

  t.match(config, {
    listen: { host: '127.0.0.1', port: 3000, metricsPort: null, trustProxy: [] },
    limits: { bodyLimit: 1_048_576, attachmentLimit: 26_214_400, attachmentCount: 10, queueLimit: 1_000_000 },
    timing: {
      syncWaitMs: 10_000,
      upstreamTimeoutMs: 30_000,
      messageTtlHours: 24,
      retentionDays: 30,
      idempotencyHours: 24,
    },
    dataDir: '/srv/gateway/data',
    defaultCountry: undefined,
    logLevel: 'info',
  });
  t.equal(config.databaseUrl(), null);
  t.equal(config.accounts[0]?.url.href, 'https://api.commbox.io/');
  t.match(config.accounts[0], { name: 'default', rate: null, concurrency: 32 });
  t.strictSame(config.accounts[0]?.keys(), { current: 'commbox-secret', next: null });
  t.match(config.directory.callers[0]?.caller, {
    name: 'default',
    admin: true,
    channels: 'all',
    streams: 'all',
    rawIds: true,
    highestLane: 'critical',
    rateLimit: null,
  });
});

t.test('every problem is listed at once, with its name, what is allowed, and no value', async (t) => {
  const env = {
    COMMBOX_API_URL: 'http://api.commbox.io',
    COMMBOX_API_KEY: 'top secret',
    COMMBOX_API_KEY_NEXT: 'one',
    COMMBOX_API_KEY_NEXT_FILE: 'two',
    GATEWAY_API_KEY: 'short-gateway-key',
    PORT: '80a',
    GATEWAY_AUTH: 'offf',
    DATABASE_URL: 'mysql://user:dbpassword@host/db',
  };
  const error = await load(env).catch((error: unknown) => error);

  t.ok(error instanceof ConfigError);
  if (!(error instanceof ConfigError)) return;
  const names = error.problems.map(({ name }) => name);
  for (const name of ['COMMBOX_API_URL', 'COMMBOX_API_KEY', 'COMMBOX_API_KEY_NEXT', 'GATEWAY_API_KEY', 'PORT']) {
    t.ok(names.includes(name), name);
    t.match(error.message, `\n  ${name}: `);
  }
  t.match(error.message, 'PORT: is not allowed; allowed: an integer from 0 to 65535');
  for (const { name, message } of error.problems) {
    t.match(message, /allowed: /, name);
  }
  for (const value of ['top secret', 'short-gateway-key', 'dbpassword', '80a', 'offf']) {
    t.notMatch(inspect(error), value);
  }
});

t.test('numbers, sizes and flags are read strictly', async (t) => {
  const bad = {
    PORT: ['1e3', ' 5', '5 ', '+5', '05', '0x10', '65536', '-1', '3000.0', '3000\n', '٣'],
    BODY_LIMIT: ['0', '-1', '1mib', '1 MB ', '1  MiB', '1.5MiB', 'MiB', '257MiB', '1e3'],
    SYNC_WAIT_MS: ['60001'],
    UPSTREAM_RATE: ['0', '-1', '.5', '1.', 'Infinity', 'NaN'],
    COMMBOX_ALLOW_HTTP: ['1', 'TRUE', 'yes'],
    COMMBOX_MANAGER_ID: ['12a', '007', '-0', '9223372036854775808'],
    TRUST_PROXY: ['10.0.0.0/33', '10.0.0.0/8,', 'proxy.local', '10.0.0.0/8/8', '::1/129', '0.0.0.0/0', '::/0'],
    RECIPIENT_ALLOWLIST: ['054-444-4444', 'example.com', 'a@b.c,'],
    DEFAULT_COUNTRY: ['il', 'XX', 'ISR'],
    LOG_LEVEL: ['INFO', 'verbose'],
    COMMBOX_SMS_STREAM: ['..', 'a\tb'],
    HTTPS_PROXY: ['proxy:3128', 'socks5://proxy:1080'],
  };
  for (const [name, texts] of Object.entries(bad)) {
    for (const text of texts)
      t.strictSame(await namesOf(load({ ...MINIMUM, [name]: text })), [name], `${name}=${text}`);
  }
});

t.test('what is allowed arrives as what it means', async (t) => {
  const config = await load({
    ...MINIMUM,
    BODY_LIMIT: '2 MiB',
    ATTACHMENT_LIMIT: '10MB',
    UPSTREAM_RATE: '0.5',
    METRICS_PORT: '9090',
    TRUST_PROXY: '10.0.0.0/8, fd00::/8',
    DEFAULT_COUNTRY: 'IL',
    RATE_LIMIT_MAX: '60',
    COMMBOX_SMS_STREAM: '532',
    COMMBOX_MANAGER_ID: '9223372036854775807',
    RECIPIENT_ALLOWLIST: '+972 54-444-4444, @test.example',
    DATABASE_URL: 'postgres://u:p@db/gateway',
    https_proxy: 'http://proxy:3128',
    NO_PROXY: '.internal',
  });
  t.match(config, { limits: { bodyLimit: 2_097_152, attachmentLimit: 10_000_000 }, defaultCountry: 'IL' });
  t.match(config.listen, { metricsPort: 9090, trustProxy: ['10.0.0.0/8', 'fd00::/8'] });
  t.equal(config.accounts[0]?.rate, 0.5);
  t.strictSame(config.directory.callers[0]?.caller.rateLimit, { max: 60, windowSeconds: 60 });
  t.match(config.directory.streams, [
    { alias: 'sms', channel: 'sms', id: '532', account: 'default', defaults: { managerId: '9223372036854775807' } },
  ]);
  t.strictSame(config.directory.rawDefaults, { managerId: '9223372036854775807' });
  t.doesNotThrow(() => config.allowlist.check(['972544444444', 'qa@test.example']));
  t.throws(() => config.allowlist.check(['972544444445']));
  t.equal(config.databaseUrl(), 'postgres://u:p@db/gateway');
  t.strictSame([config.proxy.https(), config.proxy.no], ['http://proxy:3128', '.internal']);
});

t.test('an empty variable is an unset one', async (t) => {
  const env = { PORT: '', COMMBOX_API_KEY_FILE: '', GATEWAY_CONFIG: '', RECIPIENT_ALLOWLIST: '', GATEWAY_AUTH: '' };
  t.match(await load({ ...MINIMUM, ...env }), { listen: { port: 3000 } });
  t.strictSame(await namesOf(load({ ...MINIMUM, COMMBOX_API_KEY: '' })), ['COMMBOX_API_KEY']);
});

t.test('plain HTTP stays on this machine unless it is allowed by name', async (t) => {
  const url = (COMMBOX_API_URL: string, more = {}) => load({ ...MINIMUM, COMMBOX_API_URL, ...more });
  for (const text of [
    'http://localhost:4010',
    'http://127.0.0.1:4010/',
    'http://[::1]:4010',
    'https://cb.example/api',
  ]) {
    t.strictSame(await problemsOf(url(text)), [], text);
  }
  t.strictSame(await problemsOf(url('http://cb.example', { COMMBOX_ALLOW_HTTP: 'true' })), []);
  for (const text of [
    'http://cb.example',
    'http://localhost.evil.com',
    'http://127.0.0.1.evil.com',
    'https://user:pass@cb.example',
    'https://cb.example?a=b',
    'https://cb.example#x',
    'ftp://cb.example',
    'cb.example',
    'https:cb.example',
    ' https://cb.example',
  ]) {
    t.strictSame(await namesOf(url(text)), ['COMMBOX_API_URL'], text);
  }
});

t.test('the metrics listener needs a port of its own', async (t) => {
  t.strictSame(await namesOf(load({ ...MINIMUM, PORT: '4000', METRICS_PORT: '4000' })), ['METRICS_PORT']);
  t.strictSame(await namesOf(load({ ...MINIMUM, PORT: '0', METRICS_PORT: '0' })), []);
  t.strictSame(await namesOf(load({ ...MINIMUM, RETENTION_DAYS: '1', IDEMPOTENCY_HOURS: '25' })), [
    'IDEMPOTENCY_HOURS',
  ]);
  t.strictSame(await namesOf(load({ ...MINIMUM, RETENTION_DAYS: '1', IDEMPOTENCY_HOURS: '24' })), []);
  // What is wrong already is not held against another's default.
  t.strictSame(await namesOf(load({ ...MINIMUM, PORT: '99999', METRICS_PORT: '3000' })), ['PORT']);
  t.strictSame(await namesOf(load({ ...MINIMUM, RETENTION_DAYS: 'x', IDEMPOTENCY_HOURS: '8000' })), ['RETENTION_DAYS']);
});

t.test('without any caller the gateway refuses to start, unless it is told that nobody needs a key', async (t) => {
  const { COMMBOX_API_KEY } = MINIMUM;
  t.strictSame(await namesOf(load({ COMMBOX_API_KEY })), ['GATEWAY_API_KEY']);
  t.strictSame(await namesOf(load({ COMMBOX_API_KEY, GATEWAY_API_KEY: GATEWAY_KEY.slice(0, 23) })), [
    'GATEWAY_API_KEY',
  ]);
  const open = await load({ COMMBOX_API_KEY, GATEWAY_AUTH: 'off' });
  t.match(open.directory.anonymous, { name: 'default', admin: true, rawIds: true });
  t.equal((await load(MINIMUM)).directory.anonymous, null);
});
