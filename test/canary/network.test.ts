import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import t, { type Test } from 'tap';
import { authority, expired, valid } from '../e2e/certificates.ts';
import { envelope, type Peer, type RawUpstream, startRawUpstream } from '../e2e/raw-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { messagesOf, personalData, personOf } from './person.ts';
import { commboxKeys, passwords, secrets } from './planted.ts';
import { formOf } from './requests.ts';
import { createSearch } from './search.ts';

setDefaultCACertificates([...getCACertificates('default'), authority]);

const person = personOf('default', 7);
const nowhere = createSearch(secrets);
const personal = createSearch(personalData(person));
const basic = Buffer.from(`operator:${decodeURIComponent(passwords.proxy)}`).toString('base64');

/** Everything that a fault on the way to CommBox leaves to be read. */
async function meet(t: Test, name: string, url: string, proxy: string | null): Promise<void> {
  const gateway = await startGateway(t, {
    files: { key: commboxKeys.current, next: commboxKeys.brand, proxy: proxy ?? '' },
    env: {
      COMMBOX_API_URL: url,
      COMMBOX_API_KEY: '',
      COMMBOX_API_KEY_FILE: 'key',
      COMMBOX_API_KEY_NEXT_FILE: 'next',
      LOG_LEVEL: 'trace',
      SYNC_WAIT_MS: '100',
      UPSTREAM_TIMEOUT_MS: '2000',
      ...(proxy !== null && { HTTPS_PROXY_FILE: 'proxy' }),
    },
  });
  const { post, get, log } = gateway;
  const upload = formOf(person);
  const answers = [
    await post('/v1/sms', messagesOf.sms(person)),
    await post('/v1/email', upload.body, upload.headers),
    await post('/v1/sms', messagesOf.sms(person), { prefer: 'respond-async' }),
    ...(await Promise.all(['/readyz', '/metrics', '/v1/pacing', '/v1/messages'].map((path) => get(path)))),
  ];
  await gateway.close();
  t.ok(log.lines({ msg: 'attempt' }).length > 0, `${name}: there was an attempt`);
  const told = answers.map(({ headers, text }) => JSON.stringify(headers) + text).join('\n');
  t.strictSame(nowhere(log.text() + told), [], name);
  t.strictSame(personal(log.text() + told), [], name);
}

t.setTimeout(300_000);

const proxyAt = ({ url }: RawUpstream) => url.replace('//', `//operator:${passwords.proxy}@`);
const nobodyHears = () => undefined;

t.test('a name that DNS does not know, of CommBox or of the proxy', async (t) => {
  await meet(t, 'CommBox', 'https://commbox.invalid', null);
  await meet(t, 'proxy', 'https://commbox.invalid', `http://operator:${passwords.proxy}@proxy.invalid:8080`);
});

t.test('a proxy that echoes its password, or breaks off', async (t) => {
  const acts: Record<string, (peer: Peer, head: string) => void> = {
    refuses: (peer, head) =>
      peer.end(`HTTP/1.1 407 X\r\nX-Echo: ${basic}\r\nContent-Length: ${head.length}\r\n\r\n${head}`),
    'speaks no HTTP': (peer, head) => peer.end(head),
    resets: (peer) => peer.reset(),
    'is no tunnel': (peer, head) => peer.end(`HTTP/1.1 200 OK\r\n\r\n${head}`),
  };
  for (const [name, act] of Object.entries(acts)) {
    const heads: string[] = [];
    const proxy = await startRawUpstream(t, async (peer) => {
      const head = await peer.head();
      heads.push(head ?? '');
      act(peer, head ?? '');
    });
    await meet(t, name, 'https://127.0.0.1:9', proxyAt(proxy));
    t.match(heads[0], basic, 'the proxy was told the password');
  }
});

t.test('TLS that fails, and a CommBox that echoes what it got and breaks off', async (t) => {
  const echo = async (peer: Peer) => {
    const head = (await peer.head()) ?? '';
    peer.write(`HTTP/1.1 500 ${head.replaceAll(/[\r\n]+/g, ' ')}\r\nContent-Length: 100000\r\n\r\n${head}`);
    peer.end();
  };
  const plain = await startRawUpstream(t, echo);
  const talker = await startRawUpstream(t, (peer) => peer.end(envelope(400)));
  const upstreams = {
    'an expired certificate': (await startRawUpstream(t, nobodyHears, expired)).url,
    'plain text in place of TLS': talker.url.replace('http:', 'https:'),
    'an echo, half of it': (await startRawUpstream(t, echo, valid)).url,
    'an echo in plain, half of it': plain.url,
    'an odd interim answer': (
      await startRawUpstream(t, async (peer) => {
        const head = (await peer.head()) ?? '';
        peer.end(`HTTP/1.1 103 X\r\nLink: ${head.replaceAll(/[\r\n]+/g, ' ')}\r\n\r\n${envelope(400)}`);
      })
    ).url,
  };
  for (const [name, url] of Object.entries(upstreams)) await meet(t, name, url, null);
});
