import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';
import { checkFault, type Expected, type Way } from './fault-rows.ts';
import { envelope, type Peer, passTime, type Script, startRawUpstream } from './raw-upstream.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';

const SENT: Expected = { code: null, outcome: 'sent', state: 'sent', calls: 1, complete: 1 };
const UNCLEAR: Expected = { code: 'commbox_error', outcome: 'unknown', state: 'unknown', calls: 1, complete: 1 };
const TIMEOUT: Expected = { ...UNCLEAR, code: 'commbox_timeout' };
const REJECTED: Expected = { code: 'commbox_rejected', outcome: 'not_sent', state: 'failed', calls: 1, complete: 1 };

/** After so much of the first request, this; whatever is tried again gets its answer. */
const at =
  (stage: 'head' | 'middle' | 'end', act: (peer: Peer) => unknown): Script =>
  async (peer, nth) => {
    await peer.head();
    // Fewer bytes than the shortest body has.
    if (nth > 1 || stage === 'end') await peer.body();
    else if (stage === 'middle') await peer.body(20);
    if (nth === 1) await act(peer);
    else peer.write(envelope(200));
  };

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const OPENED = `${HEAD}Content-Length: 30\r\n\r\n{"status":200,`;
const REFUSED = 'HTTP/1.1 400 X\r\nContent-Length: 30\r\n\r\n{"status":400,';
const QUOTA = 'HTTP/1.1 429 X\r\nContent-Length: 30\r\n\r\n{"status":429,';

/** Once what was written has left, since a reset takes back what waits. */
const resetAfter = (text: string) => (peer: Peer) => void peer.socket.write(text, () => setImmediate(peer.reset));

// The time for an answer passes in steps that are far shorter than it, so that only the whole of it can have run out.
const clock = createJumpingClock();
const STEP_MS = 2_000;

/** This now and then, for ever. */
const trickle =
  (start: string, more = 'x') =>
  (peer: Peer) => {
    peer.write(start);
    passTime(peer, clock, STEP_MS, () => peer.write(more));
  };

const all: Way[] = ['json', 'form', 'async json'];
const usual: Way[] = ['json', 'form'];
const rows: [name: string, script: Script, expected: Expected, ways?: Way[]][] = [
  ['reset after the head', at('head', (peer) => peer.reset()), { ...UNCLEAR, complete: 0 }],
  ['closed after the head', at('head', (peer) => peer.end()), { ...UNCLEAR, complete: 0 }],
  ['reset in the body', at('middle', (peer) => peer.reset()), { ...UNCLEAR, complete: 0 }, [...all, 'upload']],
  [
    'closed in the body',
    at('middle', (peer) => peer.socket.destroy()),
    { ...UNCLEAR, complete: 0 },
    [...all, 'upload'],
  ],
  ['reset before the answer', at('end', (peer) => peer.reset()), UNCLEAR, [...all, 'upload']],
  ['closed before the answer', at('end', (peer) => peer.end()), UNCLEAR],
  ['reset in the head of the answer', at('end', resetAfter(HEAD)), UNCLEAR],
  ['closed in the head of the answer', at('end', (peer) => peer.end(HEAD)), UNCLEAR],
  ['reset in the answer', at('end', resetAfter(OPENED)), UNCLEAR, all],
  ['closed in the answer', at('end', (peer) => peer.end(OPENED)), UNCLEAR],
  ['reset in a refusal, whose status has said it', at('end', resetAfter(REFUSED)), REJECTED, all],
  ['closed in a refusal', at('end', (peer) => peer.end(REFUSED)), REJECTED],
  [
    'closed in a 429, which is tried again',
    at('end', (peer) => peer.end(QUOTA)),
    { ...SENT, calls: 2, complete: 2 },
    ['async json'],
  ],
  ['silence', at('end', (peer) => passTime(peer, clock, STEP_MS)), TIMEOUT, all],
  ['the head of the answer trickles', at('end', trickle(HEAD)), TIMEOUT],
  ['the answer trickles', at('end', trickle(`${HEAD}Content-Length: 100000\r\n\r\n`)), TIMEOUT],
  ['the answer trickles in chunks', at('end', trickle(`${HEAD}Transfer-Encoding: chunked\r\n\r\nffffff\r\n`)), TIMEOUT],
  ['a refusal trickles', at('end', trickle('HTTP/1.1 400 X\r\nContent-Length: 100000\r\n\r\n')), REJECTED],
  ['103 again and again', at('end', trickle('', 'HTTP/1.1 103 Early Hints\r\n\r\n')), TIMEOUT],
];

for (const [name, script, expected, ways = usual] of rows) {
  t.test(name, async (t) => {
    for (const way of ways) {
      await t.test(way, async (t) => {
        const upstream = await startRawUpstream(t, script);
        await checkFault(t, { way, upstream, expected, clock });
      });
    }
  });
}

t.test('a connection that was used before is lost under the next request: unclear, and not tried again', async (t) => {
  const losses: Record<string, (peer: Peer) => unknown> = {
    'before a byte of it is read': (peer) =>
      new Promise((resolve) => peer.socket.once('readable', () => resolve(peer.reset()))),
    'after its head': async (peer) => {
      await peer.head();
      peer.reset();
    },
    'after its body': async (peer) => {
      await peer.head();
      await peer.body();
      peer.end();
    },
  };
  for (const [name, lose] of Object.entries(losses)) {
    await t.test(name, async (t) => {
      let connections = 0;
      const upstream = await startRawUpstream(t, async (peer, nth) => {
        connections = nth;
        await peer.head();
        await peer.body();
        peer.write(envelope(200));
        await lose(peer);
      });
      const { post } = await startGateway(t, { env: { COMMBOX_API_URL: upstream.url } });
      t.equal((await post('/v1/sms', least.sms)).status, 201);
      expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_error', outcome: 'unknown' });
      t.equal(connections, 1);
      t.equal((await post('/v1/sms', least.sms)).status, 201, 'the next one gets a connection of its own');
    });
  }
});
