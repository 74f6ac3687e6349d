import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { messagesOf, personalData, personOf } from './person.ts';
import { callerKeys, commboxKeys, passwords, secrets } from './planted.ts';
import { startProgram } from './program.ts';
import { createSearch } from './search.ts';
import { callWhenCalm } from './when-calm.ts';

const person = personOf('default', 8);
const nowhere = createSearch({ ...secrets, ...personalData(person) });

t.setTimeout(300_000);

async function place(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'canary-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const env = {
  COMMBOX_API_KEY: commboxKeys.current,
  COMMBOX_API_KEY_NEXT: commboxKeys.brand,
  COMMBOX_SMS_STREAM: '532',
  GATEWAY_API_KEY: callerKeys.default,
  HTTPS_PROXY: `http://operator:${passwords.proxy}@proxy.invalid:8080`,
  LOG_LEVEL: 'trace',
  PORT: '0',
};

t.test('a bug in a running gateway ends it, and what is written of it quotes nothing', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.close());
  const hook = new URL('./crash-on-signal.ts', import.meta.url).href;
  const kinds = ['exception', 'like a stack', 'rejection'];
  await Promise.all(
    kinds.map(async (kind) => {
      const gateway = startProgram(t, ['serve'], {
        ...env,
        COMMBOX_API_URL: simulator.url,
        DATA_DIR: await place(t),
        NODE_OPTIONS: `--import=${hook}`,
        CRASH: kind,
        CRASH_TEXT: `${person.text} ${person.phone} ${person.email} ${commboxKeys.current} ${callerKeys.default}`,
      });
      await gateway.wrote('"listening"');
      const port = Number(/"url":"http:[^"]*:(\d+)"/.exec(gateway.output())?.[1]);
      const headers = { authorization: `Bearer ${callerKeys.default}`, 'content-type': 'application/json' };
      const body = JSON.stringify(messagesOf.sms(person));
      t.equal((await callWhenCalm(port, { path: '/v1/sms', headers, body })).status, 201);
      process.kill(gateway.pid, 'SIGUSR2');
      t.equal(await gateway.ended, 1, kind);
      t.match(gateway.output(), /"msg":"crashed"/);
      t.strictSame(nowhere(gateway.output()), [], kind);
    }),
  );
});

t.test('a start that fails says why, and quotes nothing', async (t) => {
  const notDatabase = await place(t);
  await writeFile(join(notDatabase, 'gateway.db'), `${person.text} ${commboxKeys.current}`.repeat(100));
  const url = (password: string, rest: string) => `postgres://gateway:${password}@${rest}`;
  const starts: [name: string, says: string, more: Record<string, string>][] = [
    ['a database that is not there', 'ECONNREFUSED', { DATABASE_URL: url(passwords.database, '127.0.0.1:9/x') }],
    [
      'its password in a wrong form',
      'DATABASE_URL',
      { DATABASE_URL: url(`${passwords.database}%zz`, '127.0.0.1:9/x') },
    ],
    ['a file that is no database', 'not an SQLite database', { DATA_DIR: notDatabase }],
    [
      "a proxy's password in a wrong form",
      'HTTPS_PROXY',
      { HTTPS_PROXY: `http://u:${passwords.proxy}%zz@127.0.0.1:9` },
    ],
  ];
  await Promise.all(
    starts.map(async ([name, says, more]) => {
      const gateway = startProgram(t, ['serve'], { ...env, DATA_DIR: await place(t), ...more });
      t.equal(await gateway.ended, 1, name);
      t.match(gateway.output(), says, name);
      t.strictSame(nowhere(gateway.output()), [], `${name}: ${gateway.output()}`);
    }),
  );
});
