// Needs Debian's `chromium`, or another one that CHROMIUM names.
import { createServer, request as openRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { errorKinds } from '../../src/kernel/errors.ts';
import { operationsOf, readDocument } from '../openapi/support.ts';
import { type Page, startChromium } from '../support/chromium.ts';
import { GATEWAY_KEY, startGateway } from '../support/gateway.ts';

t.setTimeout(300_000);

t.test('a browser shows every operation, complains of nothing and asks nobody else', async (t) => {
  const { port } = await startGateway(t);
  const page = await startChromium(t);
  await page.open(`http://127.0.0.1:${port}/docs`);
  const operations = operationsOf(await readDocument(port));
  await appears(page, `document.querySelectorAll('.opblock').length === ${operations.length}`);
  const codes = new Set<string>();
  for (const { operation } of operations) {
    const block = `document.querySelector('[id$="-${operation.operationId}"]')`;
    const isOpen = `${block}.querySelector('.responses-inner') !== null`;
    const toggle = () => page.evaluate(`${block}.querySelector('button').click()`);
    await toggle();
    await appears(page, isOpen);
    const text = await page.evaluate<string>(`${block}.innerText`);
    for (const code of Object.keys(errorKinds)) if (text.includes(code)) codes.add(code);
    // With all of them open at once a small machine takes minutes.
    await toggle();
    await appears(page, `!(${isOpen})`);
  }
  t.strictSame(
    Object.keys(errorKinds).filter((code) => !codes.has(code)),
    ['method_not_allowed'],
    'every code is shown',
  );
  t.strictSame(page.complaints(), [], 'no complaints');
  t.strictSame(foreign(page, port), [], 'no other host');
});

t.test('a route can be tried out, also behind a proxy that adds a path', async (t) => {
  const { port, simulator } = await startGateway(t);
  const proxy = await startPrefixProxy(t, '/messaging', port);
  for (const base of [`http://127.0.0.1:${port}`, `http://127.0.0.1:${proxy}/messaging`]) {
    const page = await startChromium(t);
    await page.open(`${base}/docs`);
    await appears(page, `document.querySelector('.btn.authorize') !== null`);
    t.match(await tryPreview(page), '972544444444');
    t.strictSame(page.complaints(), [], 'no complaints');
    t.ok(page.requests().includes(`${base}/v1/sms/preview`));
  }
  t.equal(simulator.counts().calls, 0, 'a preview sends nothing');
});

/** Gives the key, opens the preview of an SMS and executes its example; resolves with what the page shows of the answer. */
async function tryPreview(page: Page): Promise<string> {
  const operation = `document.querySelector('[id$="-previewSms"]')`;
  const click = async (what: string) => {
    await appears(page, `${what} !== null && ${what} !== undefined`);
    await page.evaluate(`${what}.click()`);
  };
  await click(`document.querySelector('.btn.authorize')`);
  await appears(page, `document.querySelector('.auth-container input') !== null`);
  // As if typed: React overlooks a value that is only set.
  await page.evaluate(`(() => {
    const input = document.querySelector('.auth-container input');
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, '${GATEWAY_KEY}');
    input.dispatchEvent(new Event('input', { bubbles: true }));
  })()`);
  await click(`document.querySelector('.auth-btn-wrapper .authorize')`);
  await click(`document.querySelector('.btn-done')`);
  await click(`${operation}.querySelector('button')`);
  await click(`${operation}.querySelector('.try-out__btn')`);
  await click(`${operation}.querySelector('.execute')`);
  await appears(page, `${operation}.querySelector('.live-responses-table .response-col_description code') !== null`);
  return page.evaluate(`${operation}.querySelector('.live-responses-table').innerText`);
}

/** Waits until an expression is true in the page; the test's own time limit ends a wait in vain. */
async function appears(page: Page, expression: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => { if (${expression}) { observer.disconnect(); resolve(); } };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true, attributes: true });
    look();
  })`);
}

/** What the page asked of others than the gateway. */
function foreign(page: Page, port: number): string[] {
  return page.requests().filter((url) => !url.startsWith(`http://127.0.0.1:${port}/`));
}

/** Hands on what is below a path, without it. */
async function startPrefixProxy(t: Test, prefix: string, port: number): Promise<number> {
  const server = createServer((request, response) => {
    const { url = '', method, headers } = request;
    if (!url.startsWith(`${prefix}/`)) return void response.writeHead(404).end();
    const options = { host: '127.0.0.1', port, method, headers, path: url.slice(prefix.length) };
    const outgoing = openRequest(options, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    });
    request.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}
