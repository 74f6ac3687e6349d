import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';

/** A page in a real browser, and what went on in it. */
export interface Page {
  /** Loads an address; resolves when the page and all that it names is there. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page; a promise is waited for. */
  evaluate<T>(expression: string): Promise<T>;
  /** Every address that the page asked for, `data:` aside. */
  requests(): readonly string[];
  /** Errors and warnings of the console, exceptions, and what the browser itself complained about. */
  complaints(): readonly string[];
}

type Json = Record<string, unknown>;

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const ALONE = ['--disable-background-networking', '--disable-component-update', '--remote-debugging-port=0'];

/** Starts Chromium (`CHROMIUM`, or `chromium` on the PATH) with a profile of its own. It ends with the test. */
export async function startChromium(t: Test): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const binary = process.env['CHROMIUM'] ?? 'chromium';
  const browser = spawn(binary, [...FLAGS, ...ALONE, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(browser, 'exit');
  t.teardown(async () => {
    browser.kill();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  for await (const line of createInterface({ input: browser.stderr })) if (line.includes('DevTools listening')) break;
  browser.stderr.resume();
  const [port = ''] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
  return openPage(t, port);
}

async function openPage(t: Test, port: string): Promise<Page> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Json[];
  const target = targets.find(({ type }) => type === 'page');
  const socket = new WebSocket(String(target?.['webSocketDebuggerUrl']));
  t.teardown(() => socket.close());
  await once(socket, 'open');
  const events: { readonly method: string; readonly params: Json }[] = [];
  const waiting = new Map<number, (answer: Json) => void>();
  let loaded = () => {};
  let calls = 0;

  socket.addEventListener('message', ({ data }) => {
    const { id, method, params, ...answer } = JSON.parse(String(data)) as Json & { id?: number };
    if (id !== undefined) waiting.get(id)?.(answer);
    else events.push({ method: String(method), params: params as Json });
    if (method === 'Page.loadEventFired') loaded();
  });
  const send = (method: string, params: Json = {}): Promise<Json> => {
    calls++;
    socket.send(JSON.stringify({ id: calls, method, params }));
    return new Promise((resolve) => waiting.set(calls, resolve));
  };
  const paramsOf = (name: string) => events.filter(({ method }) => method === name).map(({ params }) => params);
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);

  return {
    async open(url) {
      const done = new Promise<void>((resolve) => (loaded = resolve));
      await send('Page.navigate', { url });
      await done;
    },
    async evaluate<T>(expression: string) {
      const answer = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      const { result, exceptionDetails } = answer['result'] as { result: { value: T }; exceptionDetails?: unknown };
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return result.value;
    },
    requests: () =>
      paramsOf('Network.requestWillBeSent')
        .map(({ request }) => String((request as Json)['url']))
        .filter((url) => !url.startsWith('data:')),
    complaints: () =>
      [
        ...paramsOf('Runtime.consoleAPICalled').filter(({ type }) => type === 'error' || type === 'warning'),
        ...paramsOf('Runtime.exceptionThrown'),
        ...paramsOf('Log.entryAdded'),
      ].map((params) => JSON.stringify(params)),
  };
}
