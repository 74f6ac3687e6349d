import t, { type Test } from 'tap';
import { type SandboxPair, startSandboxPair } from '../../src/cli/sandbox-pair.ts';
import { type CurlRequest, requestsOf } from './curl.ts';
import { differences } from './likeness.ts';
import { type Block, blocksOf, readPage } from './page.ts';

const HOUR_MS = 3_600_000;
const readme = readPage('README.md');
const blocks = blocksOf(readme);

t.test('every request of the README is answered as it shows', { timeout: 300_000 }, async (t) => {
  const pair = await startPair(t);
  let sent = 0;
  for (const [i, { language, text }] of blocks.entries()) {
    if (language !== 'sh' || !/^curl /m.test(text)) continue;
    let answer: Response | null = null;
    for (const request of await prepared(pair, text)) {
      answer = await send(request);
      sent++;
      const isMeantToFail = statusOf(blocks[i + 1]) >= 400;
      t.ok(answer.ok || isMeantToFail, `${request.method} ${request.url}: ${answer.status}`);
    }
    if (answer !== null) await compare(t, blocks[i + 1], answer);
    // What a block made of CommBox is not for those that follow.
    pair.simulator.control({ next: [], throttles: [] });
  }
  t.ok(sent >= 20, 'the requests were found');
});

t.test('a repeated Idempotency-Key answers the same and sends nothing', async (t) => {
  const pair = await startPair(t);
  const script = blocks.find(({ text }) => text.includes('Idempotency-Key: '))?.text ?? '';
  const [request] = await prepared(pair, script);
  if (request === undefined) throw new Error('the README shows no request with a key');
  const [first, second] = [await send(request), await send(request)];
  t.equal(second.headers.get('idempotency-replayed'), 'true');
  t.strictSame([second.status, await second.json()], [first.status, await first.json()]);
  t.equal(pair.simulator.counts().recorded, 1);
});

t.test('every route that the README names is there', async (t) => {
  const pair = await startPair(t);
  const named = [...readme.matchAll(/`(GET|POST) (\/[^\s`]*)`/g)];
  t.ok(named.length >= 3);
  for (const [, method = '', path = ''] of named) {
    const answer = await send({ ...requestTo(pair, path, null), method });
    const { code } = (await answer.json()) as { code?: string };
    t.notMatch(code, /not_found|method_not_allowed/, `${method} ${path}`);
  }
});

async function startPair(t: Test): Promise<SandboxPair> {
  const pair = await startSandboxPair({ host: '127.0.0.1', port: 0, commboxPort: 0, logSink: { write: () => {} } });
  t.teardown(() => pair.close());
  return pair;
}

/** The requests of a block; `$ID` in each is a message in a state that suits it. */
async function prepared(pair: SandboxPair, script: string): Promise<CurlRequest[]> {
  const at = new Date(Date.now() + HOUR_MS).toISOString();
  const read = (id: string) =>
    requestsOf(script, { GATEWAY: pair.url, KEY: pair.key, COMMBOX: pair.commboxUrl, ID: id }, at);
  const requests: CurlRequest[] = [];
  const reads = read('msg_');
  if (!script.includes('$ID')) return [...reads];
  for (const [i, request] of reads.entries()) {
    const id = await messageFor(pair, request, at);
    requests.push(read(id)[i] ?? request);
  }
  return requests;
}

async function messageFor(pair: SandboxPair, { url }: CurlRequest, at: string): Promise<string> {
  const action = /\/(cancel|resend|reconcile|resolve)$/.exec(url)?.[1];
  const isUnknown = action === 'reconcile' || action === 'resolve' || url.includes('status=unknown');
  // CommBox fails without keeping the object: nobody can tell that from outside.
  if (isUnknown) pair.simulator.control({ next: [{ status: 500, record: false }] });
  const sendAt = action === 'cancel' || action === 'resend' ? { sendAt: at } : {};
  const id = await makeMessage(pair, sendAt);
  if (action === 'resend') await send(requestTo(pair, `/v1/messages/${id}/cancel`, null));
  return id;
}

async function makeMessage(pair: SandboxPair, fields: object): Promise<string> {
  const body = JSON.stringify({ to: '+972544444444', text: 'hello', ...fields });
  const answer = (await (await send(requestTo(pair, '/v1/sms', body))).json()) as { id?: string; messageId?: string };
  return answer.id ?? answer.messageId ?? '';
}

function requestTo(pair: SandboxPair, path: string, body: string | null): CurlRequest {
  const headers = { authorization: `Bearer ${pair.key}`, 'content-type': 'application/json' };
  return {
    url: pair.url + path,
    method: 'POST',
    headers: body === null ? { ...headers, 'content-type': '' } : headers,
    body,
  };
}

function send({ url, method, headers, body }: CurlRequest): Promise<Response> {
  const given = Object.entries(headers).filter(([, value]) => value !== '');
  return fetch(url, { method, headers: given, body });
}

/** Holds an answer against the block after the request, if that shows one. */
async function compare(t: Test, block: Block | undefined, answer: Response): Promise<void> {
  const text = await answer.text();
  if (block?.language !== 'http' && block?.language !== 'json') return;
  const [head = '', shown = ''] = block.language === 'http' ? block.text.split('\n\n', 2) : ['', block.text];
  const [statusLine, ...headers] = head.split('\n');
  if (statusLine) t.equal(answer.status, statusOf(block), `the status of ${statusLine}`);
  for (const line of headers) {
    const [name = '', value] = line.split(': ');
    const real = answer.headers.get(name);
    t.ok(/msg_/.test(value ?? '') ? real?.includes('msg_') : real === value, `${line} (really ${real})`);
  }
  t.strictSame(differences(JSON.parse(shown), JSON.parse(text)), [], text);
}

function statusOf(block: Block | undefined): number {
  return block?.language === 'http' ? Number(block.text.split(' ', 2)[1]) : 0;
}
