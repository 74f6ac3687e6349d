import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY, GATEWAY_KEY } from '../support/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/process.ts';
import { createSend } from '../support/sends.ts';
import { createLedgerClient } from './ledger.ts';
import { type Place, sqlitePlace } from './place.ts';
import { createSmallDisk } from './small-disk.ts';

t.setTimeout(300_000);

// Port 9 (discard) is never listened to: messages wait until a gateway can reach CommBox.
const UNREACHABLE = { COMMBOX_API_URL: 'http://127.0.0.1:9' };
const LARGE_TEXT = 'x'.repeat(400_000);
const MORE_THAN_FIT = 100;

async function end(gateway: GatewayProcess, signal: NodeJS.Signals): Promise<void> {
  gateway.signal(signal);
  await gateway.ended;
}

/** With the account stopped, no attempt is in flight when a gateway is killed. The stop outlives it. */
const steer = (port: number, what: 'pause' | 'resume') =>
  call(port, {
    method: 'POST',
    path: `/v1/pacing/default/${what}`,
    headers: { authorization: `Bearer ${GATEWAY_KEY}`, 'content-type': 'application/json' },
    body: '{}',
  });

async function startPlace(t: Test): Promise<{ place: Place & { dataDir: string }; env: Record<string, string> }> {
  const simulator = await startSimulator({ keys: [COMMBOX_KEY] });
  t.teardown(() => simulator.close());
  const place = await sqlitePlace(t);
  return { place, env: await place.env(simulator) };
}

t.test('a full disk refuses what cannot be stored, loses nothing, and is no matter once there is room', async (t) => {
  const simulator = await startSimulator({ keys: [COMMBOX_KEY], keepBytes: 2 ** 30 });
  t.teardown(() => simulator.close());
  const place = await sqlitePlace(t);
  const { dataDir, wrapper, free } = await createSmallDisk(t);
  const env = { ...(await place.env(simulator)), DATA_DIR: dataDir };
  const gateway = startGatewayProcess(t, { env, wrapper });
  const port = await gateway.listening;
  await steer(port, 'pause');
  const large = (number: number) => {
    const { call: request } = createSend('full', number, 'bare');
    const body = { ...(JSON.parse(String(request.body)) as object), text: `${number} ${LARGE_TEXT}` };
    return call(port, { ...request, body: JSON.stringify(body) });
  };

  const accepted: string[] = [];
  let refusal = await large(0);
  for (let number = 1; refusal.status === 202 && number < MORE_THAN_FIT; number++) {
    accepted.push(String(refusal.json()['id']));
    refusal = await large(number);
  }
  t.ok(accepted.length > 0, 'there was room at first');
  t.match(refusal.json(), { status: 503, code: 'storage_unavailable', outcome: 'not_sent' });
  t.ok(Number(refusal.headers['retry-after']) > 0, 'come again later');
  t.equal((await call(port, { method: 'GET', path: '/livez' })).status, 200, 'the process goes on');
  const known = await createLedgerClient(port).list('queued');
  t.strictSame(known.map(({ id }) => id).sort(), accepted.toSorted(), 'what was accepted is all still there');

  await free();
  if (wrapper.length === 0) {
    const another = await large(MORE_THAN_FIT);
    t.equal(another.status, 202, 'with room again the next message is accepted');
    accepted.push(String(another.json()['id']));
  }
  await end(gateway, 'SIGKILL');
  const next = await startGatewayProcess(t, { env }).listening;
  await steer(next, 'resume');
  const after = createLedgerClient(next);
  await after.drained();
  t.strictSame((await after.list('sent')).map(({ id }) => id).sort(), accepted.toSorted(), 'all of it was sent');
  t.equal(simulator.counts().recorded, accepted.length, 'and nothing else');
});

t.test('attachments that were lost or damaged fail their own message, and no other', async (t) => {
  const { place, env } = await startPlace(t);
  const spool = join(place.dataDir, 'spool');
  const gateway = startGatewayProcess(t, { env });
  const port = await gateway.listening;
  await steer(port, 'pause');
  const ids: string[] = [];
  const names: string[] = [];
  for (const number of ['missing', 'cut', 'changed', 'whole'].keys()) {
    const answer = await call(port, createSend('file', number, 'asyncFiles').call);
    ids.push(String(answer.json()['id']));
    names.push(...(await readdir(spool)).filter((name) => !names.includes(name)));
  }
  await end(gateway, 'SIGKILL');
  const path = (index: number) => join(spool, String(names[index]));
  const bytes = await readFile(path(2));
  await rm(path(0));
  await writeFile(path(1), bytes.subarray(1));
  await writeFile(
    path(2),
    bytes.map((byte) => byte ^ 1),
  );

  const next = await startGatewayProcess(t, { env }).listening;
  await steer(next, 'resume');
  const ledger = createLedgerClient(next);
  const ends = await Promise.all(ids.map((id) => ledger.end(id)));
  const failed = { status: 'failed', code: 'internal_error', outcome: 'not_sent' };
  t.match(ends, [failed, failed, failed, { status: 'sent' }]);
});

t.test('a database that may only be read refuses the start and says which file it is', async (t) => {
  const { place, env } = await startPlace(t);
  const first = startGatewayProcess(t, { env });
  await first.listening;
  await end(first, 'SIGTERM');
  const file = join(place.dataDir, 'gateway.db');
  await chmod(file, 0o400);
  // The superuser may write whatever the mode says, unless that power is taken away.
  const wrapper = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override'] : [];
  const gateway = startGatewayProcess(t, { env, wrapper });
  t.strictSame(await gateway.ended, { code: 1, signal: null });
  t.match(gateway.errors(), file);
  t.match(gateway.errors(), /read-only|permission denied/);
});

t.test('a damaged database refuses the start, is named, and stays as it is', async (t) => {
  const { place, env } = await startPlace(t);
  const file = join(place.dataDir, 'gateway.db');
  const garbage = Buffer.alloc(8_192, 'not a database ');
  await writeFile(file, garbage);
  const gateway = startGatewayProcess(t, { env });
  t.strictSame(await gateway.ended, { code: 1, signal: null });
  t.match(gateway.errors(), file);
  t.ok((await readFile(file)).equals(garbage), 'nothing is repaired by destroying it');
});

t.test('a second gateway on the same data waits, and takes over when the first one ends', async (t) => {
  const { env } = await startPlace(t);
  const first = startGatewayProcess(t, { env: { ...env, ...UNREACHABLE } });
  const port = await first.listening;
  const waiting = createSend('over', 1, 'async');
  const accepted = await call(port, waiting.call);
  const second = startGatewayProcess(t, { env });
  first.signal('SIGTERM');
  t.equal((await first.ended).code, 0);
  const ledger = createLedgerClient(await second.listening);
  t.match(await ledger.end(String(accepted.json()['id'])), { status: 'sent' });
});
