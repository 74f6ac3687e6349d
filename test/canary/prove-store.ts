import { hash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { canonicalJson } from '../../src/kernel/canonical-json.ts';
import { until } from '../e2e/stored/stage.ts';
import type { Storage } from '../e2e/stored/storage.ts';
import { messagesOf, personalData } from './person.ts';
import { formOf, inlineOf, sendsOf } from './requests.ts';
import { createSearch } from './search.ts';
import { nowhere, personal } from './searches.ts';
import { people, type Stage } from './stage.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ofBilling = personalData(people.billing);

/** While a message waits, all of it is stored; a minute after it was sent, nothing of it is left on the disk. */
export async function proveErasure(t: Test, stage: Stage): Promise<void> {
  const { ask, simulator, stored, clock } = stage;
  const key = { 'idempotency-key': people.billing.idempotencyKey };
  await ask('ops', 'POST /v1/pacing/:account/pause', { params: { account: 'default' }, body: {} });
  let sends = 0;
  for (const [route, request] of sendsOf(people.billing)) {
    const headers = { ...request.headers, ...(sends++ === 0 && key), prefer: 'respond-async' };
    t.equal((await ask('billing', route, { ...request, headers })).status, 202, route);
  }
  const before = await stored();
  t.strictSame(personal(before), Object.keys(ofBilling), 'what waits is all there');
  t.strictSame(nowhere(before), []);
  const body = JSON.stringify(messagesOf.sms(people.billing));
  for (const text of [body, canonicalJson(body), people.billing.idempotencyKey]) {
    t.notOk(before.includes(hash('sha256', text)), 'what a request is known by is no plain hash');
  }

  await ask('ops', 'POST /v1/pacing/:account/resume', { params: { account: 'default' }, body: {} });
  // The last of a batch is wrong, and one more went by another account.
  const expected = 9 + 6;
  await simulator.waitFor(expected, 'recorded');
  const received = simulator.received().map(({ rawBody, rawData, files }) => JSON.stringify([rawBody, rawData, files]));
  const { fileContent: _, ...texts } = Object.fromEntries(
    Object.entries(ofBilling).map(([name, text]) => [name.replace("billing's ", ''), text]),
  );
  t.strictSame(createSearch(texts)(received.join('\n')), Object.keys(texts), 'CommBox has got it');
  t.ok(received.join('').includes(hash('sha256', people.billing.fileContent)), 'and the file');
  // Time that is moved on must not look like a CommBox that is silent.
  await until(async () => (await list(stage, 'status=queued,sending')).length === 0);
  t.strictSame(await list(stage, 'status=failed,unknown'), [], 'all of it was sent');
  clock.jump(MINUTE_MS);
  let left: string[] = [];
  await until(
    async () => {
      left = personal(await stored());
      return left.length === 0;
    },
    () => `not erased: ${left.join(', ')}`,
  );
}

async function list({ ask }: Stage, query: string): Promise<unknown[]> {
  return (await ask('ops', 'GET /v1/messages', { query })).json()['messages'] as unknown[];
}

/** Requests that cannot be stored. */
export async function loseStore(t: Test, stage: Stage, storage: Storage): Promise<void> {
  const { ask, clock } = stage;
  // What a gateway does by itself would be in the way of the requests, each for as long as the store is waited for.
  clock.halt();
  const giveBack = await takeAway(storage);
  const headers = { 'idempotency-key': `${people.billing.idempotencyKey} in vain` };
  const first = ask('billing', 'POST /v1/sms', { body: messagesOf.sms(people.billing), headers });
  const others = ['/readyz', '/metrics', '/v1/messages', '/v1/pacing'].map((path) => ask('ops', `GET ${path}`));
  t.equal((await first).json()['code'], 'storage_unavailable');
  await giveBack();
  clock.resume();
  await Promise.all(others);
  await stage.recovers();
}

/** Files that cannot be stored. */
export async function loseSpool(t: Test, { ask }: Stage, { dataDir }: Storage): Promise<void> {
  const spool = join(dataDir, 'spool');
  await rename(spool, `${spool}-elsewhere`);
  for (const request of [formOf(people.billing), { body: inlineOf(people.billing) }]) {
    t.equal((await ask('billing', 'POST /v1/email', request)).json()['code'], 'storage_unavailable');
  }
  await rename(`${spool}-elsewhere`, spool);
}

/** The gateway itself may be writing at this moment. */
async function takeAway(storage: Storage): Promise<() => Promise<void>> {
  let giveBack: (() => Promise<void>) | null = null;
  await until(async () => {
    giveBack = await storage.takeAway().catch(() => null);
    return giveBack !== null;
  });
  return giveBack ?? storage.takeAway();
}

/** What ended otherwise is kept for a day, and then no more. */
export async function proveForgetting(t: Test, stage: Stage): Promise<void> {
  const { stored, clock, ask } = stage;
  const { text, phone, phone2, lastName, email } = people.billing;
  const before = await stored();
  t.strictSame(
    createSearch({ text, phone, phone2, lastName, email })(before).length,
    5,
    'what failed can be sent again',
  );
  t.strictSame(nowhere(before), []);
  let left: string[] = [];
  // A day until what still waits expires, another one until that is forgotten too.
  for (let days = 0; days < 2; days++) {
    clock.jump(25 * HOUR_MS);
    await until(async () => (await list(stage, 'status=queued,sending')).length === 0);
  }
  await until(
    async () => {
      clock.jump(5_000);
      await ask('ops', 'GET /v1/messages');
      left = personal(await stored());
      return left.length === 0;
    },
    () => `not forgotten: ${left.join(', ')}`,
  );
  t.strictSame(nowhere(await stored()), []);
}
