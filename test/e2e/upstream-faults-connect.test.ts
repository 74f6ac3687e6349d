import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import t, { type Test } from 'tap';
import { tlsPair } from '../simulator/tls-pair.ts';
import { startBlackHole } from './black-hole.ts';
import { authority, expired, ofAnotherHost, valid } from './certificates.ts';
import { createFastClock } from './fast-clock.ts';
import { checkFault, type Expected, type Upstream, type Way } from './fault-rows.ts';
import { envelope, type Peer, startRawUpstream } from './raw-upstream.ts';

setDefaultCACertificates([...getCACertificates('default'), authority]);

const SENT: Expected = { code: null, outcome: 'sent', state: 'sent', calls: 1, complete: 1 };
// No byte was written, so a caller that waits may repeat it, and what nobody waits for is tried again.
const UNREACHABLE = { code: 'commbox_unreachable', outcome: 'not_sent', calls: 0, complete: 0 } as const;
const WITHDRAWN: Expected = { ...UNREACHABLE, state: 'failed' };
const WAITS: Expected = { ...UNREACHABLE, state: 'queued' };

interface Row {
  readonly name: string;
  readonly start: (t: Test) => Promise<Upstream>;
  /** What the log says of the cause, so that no row passes for another reason. */
  readonly cause: RegExp;
  /** A proxy between the gateway and CommBox. */
  readonly proxy?: (peer: Peer) => unknown;
  /** The five seconds that a connection may take pass sooner. */
  readonly isSlow?: boolean;
}

const nowhere = (url: string): Upstream => ({ url, seen: () => ({ calls: 0, complete: 0 }) });
const NOBODY = nowhere('http://127.0.0.1:1');
const answering = async (peer: Peer) => {
  while ((await peer.head()) !== null && (await peer.body())) peer.write(envelope(200));
};
const silence = () => undefined;
const tlsWith = (pair: { key: string; cert: string }) => (t: Test) => startRawUpstream(t, answering, pair);
const asHttps = async (upstream: Promise<Upstream>): Promise<Upstream> => {
  const { url, seen } = await upstream;
  return { url: url.replace('http:', 'https:'), seen };
};

const rows: Row[] = [
  { name: 'connection refused', start: async () => NOBODY, cause: /^ECONNREFUSED$/ },
  {
    name: 'no such host',
    start: async () => nowhere('https://commbox.invalid'),
    // The last: where no name server answers.
    cause: /^(ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/,
  },
  {
    name: 'a black hole',
    start: async (t) => nowhere(await startBlackHole(t)),
    cause: /^ETIMEDOUT$/,
    isSlow: true,
  },
  {
    name: 'TLS: no handshake',
    start: (t) => asHttps(startRawUpstream(t, silence)),
    cause: /^ETIMEDOUT$/,
    isSlow: true,
  },
  {
    name: 'TLS: reset in the handshake',
    start: (t) => asHttps(startRawUpstream(t, (peer) => peer.reset())),
    cause: /^ECONNRESET$/,
  },
  {
    name: 'TLS: closed in the handshake',
    start: (t) => asHttps(startRawUpstream(t, (peer) => peer.end())),
    cause: /^ECONNRESET$/,
  },
  {
    name: 'TLS: spoken to in plain',
    start: (t) => asHttps(startRawUpstream(t, (peer) => peer.end(envelope(200)))),
    cause: /^ERR_SSL_|^EPROTO$/,
  },
  { name: 'TLS: expired', start: tlsWith(expired), cause: /^CERT_HAS_EXPIRED$/ },
  { name: 'TLS: another host', start: tlsWith(ofAnotherHost), cause: /^ERR_TLS_CERT_ALTNAME_INVALID$/ },
  { name: 'TLS: signed by itself', start: tlsWith(tlsPair), cause: /^DEPTH_ZERO_SELF_SIGNED_CERT$/ },
  { name: 'proxy: reset', start: tlsWith(valid), proxy: (peer) => peer.reset(), cause: /./ },
  {
    name: 'proxy: refuses',
    start: tlsWith(valid),
    proxy: (peer) => peer.end('HTTP/1.1 407 X\r\n\r\n'),
    cause: /./,
  },
  { name: 'proxy: speaks no HTTP', start: tlsWith(valid), proxy: (peer) => peer.end('220 ready\r\n'), cause: /./ },
  { name: 'proxy: silent', start: tlsWith(valid), proxy: silence, cause: /^ETIMEDOUT$/, isSlow: true },
];

const ways: [Way, Expected][] = [
  ['json', WITHDRAWN],
  ['async json', WAITS],
];

for (const { name, start, cause, proxy, isSlow = false } of rows) {
  t.test(name, async (t) => {
    for (const [way, expected] of ways) {
      await t.test(way, async (t) => {
        const upstream = await start(t);
        // One attempt is all: what is left of it is shorter than the pause after a failure.
        const patience = { SYNC_WAIT_MS: isSlow ? '5000' : '900' };
        const env =
          proxy === undefined ? patience : { ...patience, HTTPS_PROXY: (await startRawUpstream(t, proxy)).url };
        const clock = isSlow ? { clock: createFastClock(10) } : {};
        const { log } = await checkFault(t, { way, upstream, expected, env, ...clock });
        const attempt = await log.line({ msg: 'attempt', result: 'unreachable' });
        t.match(attempt['errorCode'] ?? attempt['errorName'], cause);
      });
    }
  });
}

t.test('an upload finds it just as closed', async (t) => {
  await checkFault(t, { way: 'upload', upstream: NOBODY, expected: WITHDRAWN, env: { SYNC_WAIT_MS: '900' } });
});

t.test('with a certificate as it should be, the same way is open', async (t) => {
  for (const way of ['json', 'form', 'async json'] as const) {
    const upstream = await startRawUpstream(t, answering, valid);
    await checkFault(t, { way, upstream, expected: SENT });
  }
});
