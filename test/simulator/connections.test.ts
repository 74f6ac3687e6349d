import https from 'node:https';
import t from 'tap';
import { Agent, request } from 'undici';
import { exchange, send, start, text } from './support.ts';
import { tlsPair } from './tls-pair.ts';

t.test('connections are reused until they are closed as idle', async (t) => {
  const simulator = await start(t);
  const agent = new Agent({ connections: 1 });
  t.teardown(() => agent.close());
  const ask = async () => {
    const { statusCode, body } = await request(`${simulator.url}/core/systemstatus`, {
      dispatcher: agent,
      headers: { authorization: 'Bearer k' },
    });
    await body.dump();
    return statusCode;
  };
  t.same([await ask(), await ask()], [200, 200]);
  t.match(simulator.connections(), { total: 1 });
  const gone = new Promise((resolve) => agent.once('disconnect', resolve));
  simulator.closeIdle();
  await gone;
  t.equal(await ask(), 200);
  t.match(simulator.connections(), { total: 2 });
});

t.test('an idle connection ends after its time', async (t) => {
  const simulator = await start(t, { keepAliveTimeoutMs: 1 });
  const answer = await exchange(simulator, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  t.match(answer, /^HTTP\/1\.1 401 /);
});

t.test('closing does not wait for calls that hang', async (t) => {
  const simulator = await start(t, { next: [{ hang: true }] });
  const hanging = send(simulator, text);
  await simulator.waitFor(1);
  await Promise.all([t.rejects(hanging), simulator.close()]);
});

t.test('it speaks TLS with the pair it is given', async (t) => {
  const simulator = await start(t, { tls: tlsPair });
  t.match(simulator.url, /^https:/);
  const status = await new Promise((resolve, reject) => {
    const options = { ca: tlsPair.cert, headers: { authorization: 'Bearer k' }, agent: false };
    https
      .get(`${simulator.url}/core/systemstatus`, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .once('error', reject);
  });
  t.equal(status, 200);
  t.equal(simulator.connections().total, 1);
});

t.test('a port that is taken is an error', async (t) => {
  const simulator = await start(t);
  await t.rejects(start(t, { port: simulator.port }), { code: 'EADDRINUSE' });
});
