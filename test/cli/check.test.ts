import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { checkAt, createPlace, jsonAt, jwt } from './check-place.ts';
import { CANARY, runCli } from './run-cli.ts';

t.test('a good configuration: everything in one aligned table, exit 0, and nothing is left behind', async (t) => {
  const place = await createPlace(t, jwt(200));
  const { code, stdout, stderr } = await checkAt(t, place);
  t.equal(code, 0, stdout);
  t.equal(stderr, '');
  t.notMatch(stdout, '\u001b', 'no colours where there is no terminal');
  // How much room a machine of a test has says nothing about the rest.
  const rows = (stdout.split('\n\n')[0]?.split('\n') ?? []).filter((row) => !row.includes('disk space'));
  for (const row of rows) t.match(row, /^ok {7}[a-z ]{16} {2}\S/);
  t.match(stdout, /configuration +1 caller, 1 stream, 1 account\n/);
  t.match(stdout, /key of default +CommBox accepts it; ends on \d{4}-\d\d-\d\d, in (199|200) days\n/);
  t.match(stdout, /account default +http:\/\/127.0.0.1:\d+ answers in \d+ ms\n/);
  t.match(stdout, /\n\n(All is well|Nothing failed, 1 warning)\.\n$/);
  t.strictSame(await readdir(place.dataDir), [], 'the data directory is as it was');
});

t.test('every problem of the configuration is listed, and its values are not', async (t) => {
  const env = { COMMBOX_API_URL: `http://${CANARY}.example`, PORT: CANARY, GATEWAY_API_KEY: `${CANARY}-short` };
  const [table, json] = await Promise.all([runCli(t, ['check'], { env }), runCli(t, ['check', '--json'], { env })]);
  t.equal(table.code, 1);
  for (const name of ['COMMBOX_API_KEY', 'COMMBOX_API_URL', 'PORT', 'GATEWAY_API_KEY']) {
    t.match(table.stdout, new RegExp(`^FAILED +configuration +${name}: .*allowed: `, 'm'));
  }
  t.equal(json.code, 1);
  const { ok, checks } = JSON.parse(json.stdout) as { ok: boolean; checks: Record<string, unknown>[] };
  t.equal(ok, false);
  t.ok(checks.every(({ status, name }) => status === 'failed' && name === 'configuration'));
});

t.test('each account of the file is tried on its own', async (t) => {
  const place = await createPlace(t, jwt(100));
  await writeFile(join(place.dataDir, 'brand-b.key'), `${CANARY}-of-brand-b`);
  await writeFile(
    join(place.dataDir, 'gateway.yaml'),
    `accounts: { brand-b: { url: "${place.commbox.url}", keyFile: brand-b.key } }\n` +
      'streams: { news: { channel: sms, id: "9", account: brand-b } }\n',
  );
  const result = await jsonAt(t, place);
  t.equal(result.code, 1);
  t.match(result.of('configuration'), { detail: '1 caller, 2 streams, 2 accounts' });
  t.match(result.of('key of default'), { status: 'ok' });
  t.match(result.of('account brand-b'), { status: 'ok' });
  t.match(result.of('key of brand-b'), { status: 'failed' });
});

t.test('a gateway open to everybody, or one without a stream, is a warning', async (t) => {
  const result = await jsonAt(t, await createPlace(t), { env: { GATEWAY_AUTH: 'off', COMMBOX_SMS_STREAM: '' } });
  t.equal(result.code, 0);
  t.match(result.of('authentication'), { status: 'warning' });
  t.match(result.of('streams'), { status: 'warning' });
});

t.test('colours only for a terminal, and misuse exits with 2 and the usage', async (t) => {
  const [coloured, misused] = await Promise.all([
    runCli(t, ['check'], { env: { FORCE_COLOR: '1' } }),
    runCli(t, ['check', '--yaml']),
  ]);
  t.match(coloured.stdout, '\u001b[31mFAILED');
  t.equal(misused.code, 2);
  t.equal(misused.stdout, '');
  t.match(misused.stderr, /^Unknown option '--yaml'\n\nUsage: commbox-gateway check \[--json\]\n/);
});
