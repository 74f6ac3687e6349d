import type { ServerResponse } from 'node:http';
import t from 'tap';
import { ASK_AGAIN_MS } from '../../src/delivery/credentials.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';
import { startOddUpstream } from './odd-upstream.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';
import { sms, until } from './stored/stage.ts';

const envelope = (response: ServerResponse, status: number, data?: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ status, data }));

t.test('while CommBox does not say whether the key works, what it refused waits, and goes out later', async (t) => {
  const upstream = { send: 401, status: 503 };
  const url = await startOddUpstream(t, (request, response) => {
    if (request.method === 'GET') return envelope(response, upstream.status);
    return envelope(response, upstream.send, upstream.send === 200 ? { id: 7 } : undefined);
  });
  const clock = createJumpingClock();
  const { post, get } = await startGateway(t, { clock, env: { COMMBOX_API_URL: url } });
  const id = String((await post('/v1/sms', sms('held'), { prefer: 'respond-async' })).json()['id']);
  const view = async () => (await get(`/v1/messages/${id}`)).json();
  await until(async () => (await view())['waitingFor'] === 'credentials');
  expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_unauthorized' });
  t.match((await get('/readyz')).json()['reasons'], [/account default, and does not say clearly/]);

  upstream.send = 200;
  upstream.status = 200;
  clock.jump(ASK_AGAIN_MS);
  await until(async () => (await view())['status'] === 'sent');
  t.equal((await post('/v1/sms', least.sms)).status, 201);
});
