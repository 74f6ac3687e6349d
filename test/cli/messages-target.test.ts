import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { CANARY, runCli } from './run-cli.ts';

const KEY = `${CANARY}-key-of-the-one-caller`;
const EMPTY = '{"messages":[],"nextCursor":null}';

t.test('the key comes from the variable or its file, and goes to --url with its path', async (t) => {
  const seen: unknown[] = [];
  const url = await serve(t, ({ url, headers }, response) => {
    seen.push([url, headers.authorization]);
    response.end(EMPTY);
  });
  const folder = await mkdtemp(join(tmpdir(), 'messages-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'key'), `${KEY}\n`);
  const list = (env: Record<string, string>) =>
    runCli(t, ['messages', 'list', '--url', `${url}/gateway/`], { env, cwd: folder });

  t.equal((await list({ GATEWAY_API_KEY: KEY })).code, 0);
  t.equal((await list({ GATEWAY_API_KEY_FILE: 'key' })).code, 0);
  t.equal((await list({})).code, 0);
  t.strictSame(seen, [
    ['/gateway/v1/messages', `Bearer ${KEY}`],
    ['/gateway/v1/messages', `Bearer ${KEY}`],
    ['/gateway/v1/messages', undefined],
  ]);
  for (const env of [
    { GATEWAY_API_KEY: KEY, GATEWAY_API_KEY_FILE: 'key' },
    { GATEWAY_API_KEY: `${KEY}\nx-evil: 1` },
    { GATEWAY_API_KEY_FILE: 'none' },
  ]) {
    const { code, stderr } = await list(env);
    t.equal(code, 1);
    t.match(stderr, /GATEWAY_API_KEY.*allowed: /s);
  }
  t.equal(seen.length, 3, 'nothing was asked without a usable key');
});

t.test('no gateway, another service, or a redirect: said in words, and the key goes no further', async (t) => {
  const options = { env: { GATEWAY_API_KEY: KEY } };
  const list = (url: string) => runCli(t, ['messages', 'list', '--url', url], options);

  const nobody = await list('http://127.0.0.1:1');
  t.equal(nobody.code, 1);
  t.match(
    nobody.stderr,
    /^No gateway answers at http:\/\/127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)\. Is the/,
  );
  t.match((await list('http://gateway.invalid')).stderr, /^No gateway answers at .*: DNS /);

  const page = await serve(t, (_, response) => response.end('<html>'));
  const other = await list(page);
  t.equal(other.code, 1);
  t.match(other.stderr, /is not a gateway \(HTTP 200\): check --url\n$/);

  let calls = 0;
  const elsewhere = await serve(t, (_, response) => {
    calls++;
    response.end(EMPTY);
  });
  const redirect = await serve(t, (_, response) => response.writeHead(307, { location: elsewhere }).end());
  t.equal((await list(redirect)).code, 1);
  t.equal(calls, 0);
});

t.test('what a stranger answers cannot steer the terminal', async (t) => {
  const evil = '\\u001b[2J\\u0007';
  const problem = `{"title":"T${evil}","detail":"D","errors":[{"pointer":"/${evil}","message":"M"}]}`;
  const list = `{"messages":[{"id":"msg_1","reference":"${evil}","status":"${evil}"}]}`;
  const url = await serve(t, (request, response) => {
    if (request.url === '/v1/messages') response.end(list);
    else response.writeHead(400).end(problem);
  });
  for (const command of [['list'], ['show', 'msg_1']]) {
    const { stdout, stderr } = await runCli(t, ['messages', ...command, '--url', url]);
    t.notMatch((stdout + stderr).replaceAll('\n', ''), /\p{Cc}/u);
    t.match(stdout + stderr, '[2J');
  }
});

t.test('misuse exits with 2 and the usage of that command', async (t) => {
  for (const [args, words] of [
    [[], 'Expected one of: list, show, '],
    [['drop'], 'There is no "messages drop"'],
    [['list', 'more'], 'Unexpected argument: more'],
    [['list', '--sort', 'id'], "Unknown option '--sort'"],
    [['list', '--url', 'ftp://example.com'], '--url must be'],
    [['list', '--url', `http://me:${CANARY}@example.com`], '--url must be'],
    [['show'], 'Expected the id of a message'],
    [['show', '..'], 'A message id starts with msg_'],
    [['resend', 'msg_1', 'msg_2'], 'Unexpected argument: msg_2'],
    [['resolve', 'msg_1'], '--as must be sent or failed'],
    [['cancel'], 'Expected an id or a filter'],
  ] as const) {
    const { code, stdout, stderr } = await runCli(t, ['messages', ...args]);
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '');
    t.ok(stderr.startsWith(words), stderr);
    t.match(stderr, /\n\nUsage: commbox-gateway messages /);
  }
});

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
