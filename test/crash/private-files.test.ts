import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/process.ts';
import { createSend } from '../support/sends.ts';
import { sqlitePlace } from './place.ts';

t.test('whatever the process writes is for its own user alone, under a lax umask too', async (t) => {
  const place = await sqlitePlace(t);
  const simulator = await startSimulator({ keys: [COMMBOX_KEY], next: [{ hang: true }] });
  t.teardown(() => simulator.close());
  const wrapper = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];
  const gateway = startGatewayProcess(t, { env: await place.env(simulator), wrapper });
  const port = await gateway.listening;
  t.equal((await call(port, createSend('private', 1, 'asyncFiles').call)).status, 202);
  await simulator.waitFor(1);

  const paths = await readdir(place.dataDir, { recursive: true });
  for (const wanted of [/gateway\.db$/, /-wal$/, /[0-9a-f]{32}$/]) t.ok(paths.some((path) => wanted.test(path)));
  for (const path of ['.', ...paths]) {
    const { mode } = await stat(join(place.dataDir, path));
    t.equal(mode & 0o077, 0, path);
  }
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8').catch(() => null);
  if (status !== null) t.match(status, /^Umask:\s+0077$/m, 'and what others write for it, a core dump or a report');
});
