import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { checkFault, type Expected } from './fault-rows.ts';
import { envelope, type Peer, passTime, type Script, startRawUpstream } from './raw-upstream.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';

const SENT: Expected = { code: null, outcome: 'sent', state: 'sent', calls: 1, complete: 1 };
const UNCLEAR: Expected = { code: 'commbox_error', outcome: 'unknown', state: 'unknown', calls: 1, complete: 0 };
const TIMEOUT: Expected = { ...UNCLEAR, code: 'commbox_timeout' };
const REJECTED: Expected = { code: 'commbox_rejected', outcome: 'not_sent', state: 'failed', calls: 1, complete: 0 };
const THROTTLED: Expected = { ...REJECTED, code: 'commbox_throttled' };

const MIB = 1024 ** 2;

/** Answers while most of the upload is still to come; later connections are served as they should be. */
const early =
  (act: (peer: Peer) => unknown): Script =>
  async (peer, nth) => {
    await peer.head();
    await peer.body(nth === 1 ? MIB : undefined);
    if (nth === 1) await act(peer);
    else peer.write(envelope(200));
  };
const says =
  (status: number, ...headers: string[]) =>
  (peer: Peer) => {
    peer.write(envelope(status, headers));
    peer.ignore();
  };

const rows: [name: string, script: Script, expected: Expected][] = [
  ['a 400, and the rest is read', early(says(400)), REJECTED],
  ['a 400, and the rest is not', early((peer) => peer.write(envelope(400))), REJECTED],
  [
    'a 413, and the end of this side',
    early((peer) => {
      peer.end(envelope(413, ['Connection: close']));
      peer.ignore();
    }),
    REJECTED,
  ],
  ['a 429 that says when', early(says(429, 'Retry-After: 60')), THROTTLED],
  ['a 429, and patience', early(says(429)), { ...SENT, calls: 2 }],
  ['a 500', early(says(500)), UNCLEAR],
  ['a 200', early(says(200)), { ...SENT, complete: 0 }],
  [
    'a 100, and the answer in time',
    async (peer) => {
      await peer.head();
      peer.write('HTTP/1.1 100 Continue\r\n\r\n');
      await peer.body();
      peer.write(envelope(200));
    },
    SENT,
  ],
];

for (const [name, script, expected] of rows) {
  t.test(`${name}, while the upload runs`, async (t) => {
    const upstream = await startRawUpstream(t, script);
    await checkFault(t, { way: 'upload', upstream, expected });
  });
}

t.test('an upload that stands still is given up after 15 s, whatever was said before', async (t) => {
  const stalls: [said: string, expected: Expected][] = [
    ['', TIMEOUT],
    ['HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{', TIMEOUT],
    ['HTTP/1.1 400 X\r\nContent-Length: 99\r\n\r\n{', REJECTED],
  ];
  for (const [said, expected] of stalls) {
    const clock = createJumpingClock();
    let startedAt = Number.POSITIVE_INFINITY;
    const stall = (peer: Peer) => {
      peer.write(said);
      startedAt = clock.monotonic();
      passTime(peer, clock, 500);
    };
    const upstream = await startRawUpstream(t, early(stall));
    await checkFault(t, { way: 'upload', upstream, expected, clock, env: { UPSTREAM_TIMEOUT_MS: '600000' } });
    t.ok(clock.monotonic() - startedAt >= 15_000);
  }
});

t.test('an upload that is slow and goes on is waited for, longer than for an answer', async (t) => {
  const clock = createJumpingClock();
  const startedAt = clock.monotonic();
  const upstream = await startRawUpstream(t, async (peer) => {
    await peer.head();
    for (let n = 0; n < 20; n++) {
      clock.jump(2_000);
      await peer.body(n === 19 ? undefined : MIB);
      // What was read makes room, and the gateway gets the time to fill it.
      await pause(20);
    }
    peer.write(envelope(200));
  });
  await checkFault(t, { way: 'upload', upstream, expected: SENT, clock });
  t.ok(clock.monotonic() - startedAt > 30_000);
});
