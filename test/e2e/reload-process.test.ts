import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { keyHash } from '../config/fixtures.ts';
import { call } from '../http/call.ts';
import { startGatewayProcess } from '../support/process.ts';

const CALLERS = ['canary-key-of-caller-one', 'canary-key-of-caller-two'] as const;
const COMMBOX = ['canary-key-of-commbox-one', 'canary-key-of-commbox-two'] as const;

t.test('SIGHUP reads files anew through swapped links, as Kubernetes mounts them', async (t) => {
  const place = await mkdtemp(join(tmpdir(), 'reload-'));
  const simulator = await startSimulator({ keys: [...COMMBOX] });
  t.teardown(() => simulator.close());
  t.teardown(() => rm(place, { recursive: true, force: true }));
  const publish = async (n: 0 | 1) => {
    const version = join(place, `..version-${n}`);
    await mkdir(version);
    await writeFile(join(version, 'gateway.yaml'), `callers: { a: { keys: ["${keyHash(CALLERS[n])}"] } }`);
    await writeFile(join(version, 'key'), COMMBOX[n]);
    await symlink(version, join(place, '..next'));
    await rename(join(place, '..next'), join(place, '..data'));
  };
  await publish(0);
  const gateway = startGatewayProcess(t, {
    env: {
      COMMBOX_API_URL: simulator.url,
      COMMBOX_API_KEY_FILE: join(place, '..data/key'),
      COMMBOX_SMS_STREAM: '532',
      GATEWAY_CONFIG: join(place, '..data/gateway.yaml'),
      DATA_DIR: join(place, 'data'),
      PORT: '0',
    },
  });
  const port = await gateway.listening;
  const send = (key: string) =>
    call(port, {
      path: '/v1/sms',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ to: '+972544444444', text: 'hello' }),
    });
  t.equal((await send(CALLERS[0])).status, 201);

  await publish(1);
  gateway.signal('SIGHUP');
  await Promise.all([
    gateway.log.line({ msg: 'the configuration was reloaded' }),
    gateway.log.line({ msg: 'the key was replaced' }),
  ]);
  simulator.control({ keys: [COMMBOX[1]] });
  t.equal((await send(CALLERS[0])).status, 401);
  t.match((await send(CALLERS[1])).json(), { status: 'sent', attempts: 1 });
  t.equal(simulator.counts().calls, 2);
  const told = gateway.log.text() + gateway.errors();
  for (const key of [...CALLERS, ...COMMBOX]) t.notOk(told.includes(key), 'no key is told');
});
