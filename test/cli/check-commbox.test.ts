import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { tlsPair } from '../simulator/tls-pair.ts';
import { checkAt, createPlace, jsonAt, jwt } from './check-place.ts';
import { CANARY } from './run-cli.ts';

t.test('a key that ends soon is a warning and no failure; one that is no JWT is fine', async (t) => {
  const soon = await jsonAt(t, await createPlace(t, jwt(10.01)));
  t.strictSame([soon.code, soon.ok], [0, true]);
  const key = soon.of('key of default');
  t.match(key, { status: 'warning', daysLeft: 10, detail: /, in 10 days$/ });
  t.ok(Date.parse(String(key?.['endsAt'])) > Date.now());

  const followed = await createPlace(t, jwt(10.01));
  await followed.commbox.control({ keys: null });
  const rotated = await jsonAt(t, followed, { env: { COMMBOX_API_KEY_NEXT: jwt(300.01) } });
  t.match(rotated.of('key of default'), { status: 'ok', daysLeft: 10 }, 'the next key lasts longer');
  t.match(rotated.of('next key of default'), { status: 'ok', daysLeft: 300 });

  const endless = await jsonAt(t, await createPlace(t, `${CANARY}-plain`));
  t.equal(endless.code, 0);
  t.match(endless.of('key of default'), { status: 'ok', detail: /no end date/, endsAt: undefined });
});

t.test('a key that CommBox refuses fails, unless the other key of the account works', async (t) => {
  const good = jwt(100);
  const place = await createPlace(t, good);
  const refused = await checkAt(t, place, { env: { COMMBOX_API_KEY: `${CANARY}-wrong` } });
  t.equal(refused.code, 1);
  t.match(refused.stdout, /^ok +account default/m, 'CommBox itself was reached');
  t.match(refused.stdout, /^FAILED +key of default +CommBox refuses it/m);
  t.match(refused.stdout, /\n1 of \d+ FAILED[^\n]*\.\n$/);

  const both = { COMMBOX_API_KEY: `${CANARY}-old`, COMMBOX_API_KEY_NEXT: good };
  const rotated = await jsonAt(t, place, { env: both });
  t.equal(rotated.code, 0);
  t.match(rotated.of('key of default'), { status: 'warning', detail: /other key works/ });
  t.match(rotated.of('next key of default'), { status: 'ok' });
  t.equal(place.commbox.counts().recorded, 0, 'nothing was created');
});

t.test('what keeps CommBox from being reached is said in words, and the key is not blamed', async (t) => {
  const place = await createPlace(t);
  const foreign = await listen(t, createHttpServer(page(200, '<html>Welcome</html>')));
  const withTls = await listen(t, createTlsServer(tlsPair, page(200, '{}')));
  const redirect = await listen(t, createHttpServer(page(302, '')));
  const reach = async (url: string, words: RegExp) => {
    const result = await jsonAt(t, place, { env: { COMMBOX_API_URL: url } });
    t.equal(result.code, 1, url);
    t.match(result.of('account default'), { status: 'failed', detail: words });
    t.match(result.of('key of default'), { status: 'warning' });
  };
  await Promise.all([
    reach('https://commbox.invalid', /cannot be reached: DNS /),
    reach('http://127.0.0.1:1', /nothing listens there \(ECONNREFUSED\)/),
    reach(withTls.replace('http:', 'https:'), /TLS certificate is signed by nobody known/),
    reach(foreign.replace('http:', 'https:'), /does not speak TLS/),
    reach(foreign, /is not CommBox/),
    reach(redirect, /redirects \(302\)/),
  ]);
});

t.test('a server that knows no such route has not accepted the key', async (t) => {
  const elsewhere = await listen(t, createHttpServer(page(404, '{"status":404}')));
  const result = await jsonAt(t, await createPlace(t), { env: { COMMBOX_API_URL: elsewhere } });
  t.match(result.of('key of default'), { status: 'warning', detail: /did not say .* answers 404/ });
});

function page(status: number, text: string): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html', location: '/' }).end(text);
  };
}

/** The base URL of a server, as if it spoke HTTP. */
async function listen(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
