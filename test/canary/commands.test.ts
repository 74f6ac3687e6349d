import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { keyHash } from '../config/fixtures.ts';
import { startRawUpstream } from '../e2e/raw-upstream.ts';
import { STREAMS, startGateway } from '../support/gateway.ts';
import { messagesOf, personalData, personOf } from './person.ts';
import { callerKeys, commboxKeys, passwords, secrets } from './planted.ts';
import { startProgram } from './program.ts';
import { createSearch } from './search.ts';
import { callWhenCalm } from './when-calm.ts';

t.setTimeout(300_000);
const person = personOf('default', 9);
const nowhere = createSearch({ ...secrets, ...personalData(person) });
const nowhereAtAll = createSearch(secrets);

const env = {
  COMMBOX_API_KEY: commboxKeys.current,
  COMMBOX_API_KEY_NEXT: commboxKeys.brand,
  GATEWAY_API_KEY: callerKeys.default,
};

/** Runs commands side by side, and gives what they wrote. */
async function outputs(t: Parameters<typeof startProgram>[0], runs: readonly [string, Record<string, string>][]) {
  return Promise.all(
    runs.map(async ([command, more]) => {
      const program = startProgram(t, command.split(' '), { ...env, ...more });
      await program.ended;
      t.not(program.output(), '', `${command}: it says something`);
      t.strictSame(nowhere(program.output()), [], `${command}: ${program.output()}`);
      return program.output();
    }),
  );
}

t.test('check tells of keys, proxy and database without quoting them', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'canary-check-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const echo = await startRawUpstream(t, async (peer) => {
    const head = (await peer.head()) ?? '';
    const body = JSON.stringify({ status: 401, description: head });
    peer.end(`HTTP/1.1 401 ${head.replaceAll(/[\r\n]+/g, ' ')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  const here = { DATA_DIR: dataDir, COMMBOX_API_URL: echo.url };
  const HTTPS_PROXY = `http://operator:${passwords.proxy}@127.0.0.1:9`;
  const [refused, , unreached] = await outputs(t, [
    ['check', here],
    ['check --json', { ...here, DATABASE_URL: `postgres://gateway:${passwords.database}@127.0.0.1:9/x` }],
    ['check', { ...here, HTTPS_PROXY, COMMBOX_API_URL: 'https://commbox.invalid' }],
    ['check', { ...here, COMMBOX_API_KEY: '', COMMBOX_API_KEY_FILE: commboxKeys.current, GATEWAY_API_KEY: 'short' }],
  ]);
  t.match(refused, 'CommBox refuses it');
  t.match(unreached, 'a proxy is set');
});

t.test('messages shows them to others without what they say, and without the key', async (t) => {
  const simulator = await startSimulator({ keys: [commboxKeys.current] });
  const description = `no: ${person.text} ${person.phone} ${commboxKeys.current}`;
  const yaml = `callers:\n  ops: { keys: ["${keyHash(callerKeys.ops)}"], admin: true }\n`;
  const { port } = await startGateway(t, {
    commbox: simulator,
    env: { ...env, COMMBOX_SMS_STREAM: STREAMS.sms },
    yaml,
  });
  const headers = { authorization: `Bearer ${callerKeys.default}`, 'content-type': 'application/json' };
  const ids: unknown[] = [];
  for (const status of [400, 500]) {
    simulator.control({ next: [{ status, description }] });
    const body = JSON.stringify(messagesOf.sms(person));
    const { json } = await callWhenCalm(port, { path: '/v1/sms', headers, body });
    t.match(JSON.stringify(json()), person.phone, 'its sender is told');
    ids.push(json()['messageId']);
  }
  simulator.control({ next: [{ status: 400, description }] });
  const url = `--url=http://127.0.0.1:${port}`;
  const ops = { GATEWAY_API_KEY: callerKeys.ops };
  const [listed, shown] = await outputs(t, [
    [`messages list ${url}`, ops],
    [`messages show ${ids[0]} --json ${url}`, ops],
    [`messages show ${ids[1]} ${url}`, ops],
    [`messages resend ${ids[0]} ${url}`, ops],
    [`messages reconcile ${ids[1]} ${url}`, ops],
    [`messages list ${url}`, { GATEWAY_API_KEY: callerKeys.retired }],
    [`messages list --url=http://operator:${passwords.proxy}@127.0.0.1:${port}`, {}],
  ]);
  for (const id of ids) t.match(listed, id);
  t.match(shown, 'commbox_rejected');
  const own = startProgram(t, ['messages', 'show', String(ids[0]), url], env);
  await own.ended;
  t.match(own.output(), person.phone, 'its sender may look again');
  t.strictSame(nowhereAtAll(own.output()), []);
});

t.test('keys new shows the new key, and none of those it finds', async (t) => {
  const [made] = await outputs(t, [['keys new billing', {}]]);
  t.match(made, /cbg_[\w-]{43}/);
});
