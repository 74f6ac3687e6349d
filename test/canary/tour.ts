import type { Test } from 'tap';
import type { Answer } from '../http/call.ts';
import { messagesOf, objectOf } from './person.ts';
import { noise, sendsOf } from './requests.ts';
import { people, type Stage } from './stage.ts';
import { sendWhenPaced } from './when-paced.ts';

const ASYNC = { prefer: 'respond-async' };
const idOf = (answer: Answer) => String(answer.json()['id'] ?? answer.json()['messageId']);

/** Uses every route as it is meant to be used: by those who may, and by those who may not. */
export async function takeTour(t: Test, stage: Stage): Promise<void> {
  for (const send of [sendAll, lookAround, lookAfter, steer]) await send(t, stage);
}

/** Every send: waiting, stored, with a key and again, by a caller with two keys; and as another with the same key. */
async function sendAll(t: Test, { ask }: Stage): Promise<void> {
  const person = people.billing;
  for (const [i, [route, request]] of sendsOf(person).entries()) {
    const headers = { ...request.headers, ...noise(person) };
    const keyed = { ...headers, 'idempotency-key': `${person.idempotencyKey} ${i}` };
    const again = { ...request, headers: keyed };
    const statuses = [
      (await ask('billing', route, { ...request, headers })).status,
      (await ask('billing', route, again)).status,
      (await ask('billingNext', route, again)).status,
      (await ask('billing', route, { ...request, headers: { ...headers, ...ASYNC } })).status,
      (await ask('billing', route, { ...request, headers: { ...headers, prefer: 'respond-async, wait=5' } })).status,
    ];
    t.ok(
      statuses.every((status) => status >= 200 && status < 300),
      `${route}: ${statuses}`,
    );
    const other = { params: { streamId: '532' }, body: { data: objectOf(people.shop) }, headers: keyed };
    await ask('shop', route, other);
    await ask('shop', route, { ...other, body: messagesOf.sms(people.shop) });
    await ask('billing', route, { ...request, headers: keyed, body: JSON.stringify(messagesOf.sms(people.shop)) });
  }
  for (const channel of ['sms', 'chat', 'whatsapp', 'email'] as const) {
    for (const who of ['billing', 'shop', 'ops'] as const) {
      await ask(who, `POST /v1/${channel}/preview`, {
        body: messagesOf[channel](people[who]),
        headers: noise(people[who]),
      });
    }
  }
}

async function lookAround(_: Test, { ask }: Stage): Promise<void> {
  for (const key of ['billing', 'ops', null] as const) {
    for (const path of ['/livez', '/readyz', '/metrics', '/openapi.json', '/v1/me', '/v1/pacing', '/v1/messages']) {
      await ask(key, `GET ${path}`);
      await ask(key, `HEAD ${path}`);
    }
    for (const file of ['', '/page.css', '/page.js', '/swagger-ui.css', '/swagger-ui-bundle.js']) {
      await ask(key, `GET /docs${file}`);
      await ask(key, `HEAD /docs${file}`);
    }
  }
  for (const query of ['limit=200', 'status=sent,failed', 'channel=sms&stream=sms', 'caller=billing', 'reference=x']) {
    await ask('ops', 'GET /v1/messages', { query });
  }
}

/** Whatever can be done with messages, by their own caller, by another, and by an admin. */
async function lookAfter(t: Test, stage: Stage): Promise<void> {
  const { ask, simulator, reload, clock } = stage;
  const person = people.billing;
  const body = messagesOf.sms(person);
  const later = { ...body, sendAt: new Date(clock.now() + 3_600_000).toISOString() };
  const accept = async () => idOf(await ask('billing', 'POST /v1/sms', { body: later, headers: ASYNC }));
  // What is still sent in the background may be met by it too, and leaves enough of it for the one that is meant.
  const meet = async <T>(status: number, work: () => Promise<T>): Promise<T> => {
    const answer = { status, description: `no: ${person.text} for ${person.phone}` };
    simulator.control({ next: Array.from({ length: 100 }, () => answer) });
    const result = await work();
    simulator.control({ next: [] });
    return result;
  };
  const failWith = (status: number) =>
    meet(status, async () => {
      const answer = await sendWhenPaced(stage);
      t.match(answer.json(), { outcome: status < 500 ? 'not_sent' : 'unknown', messageId: String }, `met by ${status}`);
      return idOf(answer);
    });
  const canceled = await accept();
  const ids = [canceled, await accept(), await failWith(400), await failWith(500)];
  const acts = ['cancel', 'resend', 'reconcile', 'resolve'] as const;
  for (const who of ['shop', 'ops', 'billing'] as const) {
    for (const id of ids) {
      for (const method of ['GET', 'HEAD']) await ask(who, `${method} /v1/messages/:id`, { params: { id } });
      for (const act of acts) {
        await ask(who, `POST /v1/messages/:id/${act}`, {
          params: { id },
          ...(act === 'resolve' && { body: { as: 'failed' } }),
        });
      }
    }
    await ask(who, 'POST /v1/messages/cancel', { body: { reference: person.phone } });
  }
  // CommBox's answer to a copy speaks of its sender's customer; an admin who asked for the copy must not hear it.
  const failed = await failWith(400);
  for (const who of ['ops', 'billing'] as const) {
    await meet(400, async () => {
      const answer = await ask(who, 'POST /v1/messages/:id/resend', { params: { id: failed } });
      t.equal(answer.status, 202, `a copy for ${who}`);
      const copy = { params: { id: idOf(answer) }, headers: { prefer: 'wait=5' } };
      t.match(
        (await ask(who, 'GET /v1/messages/:id', copy)).json(),
        { code: 'commbox_rejected' },
        'which is refused too',
      );
    });
  }
  await reload();
}

async function steer(t: Test, { ask }: Stage): Promise<void> {
  for (const act of ['pause', 'resume']) {
    for (const account of ['default', 'none']) {
      for (const body of [{}, { lane: 'bulk', caller: 'shop' }, { caller: people.shop.phone }]) {
        await ask('ops', `POST /v1/pacing/:account/${act}`, { params: { account }, body });
        await ask('shop', `POST /v1/pacing/:account/${act}`, { params: { account }, body });
      }
    }
    await ask('ops', 'GET /v1/pacing');
  }
  t.equal((await ask('ops', 'POST /v1/pacing/:account/resume', { params: { account: 'default' } })).status, 200);
}
