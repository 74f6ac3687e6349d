import t from 'tap';
import { checkFault, type Expected, type Way } from './fault-rows.ts';
import { envelope, type Script, startRawUpstream } from './raw-upstream.ts';

const SENT: Expected = { code: null, outcome: 'sent', state: 'sent', calls: 1, complete: 1 };
const UNCLEAR: Expected = { code: 'commbox_error', outcome: 'unknown', state: 'unknown', calls: 1, complete: 1 };
const REJECTED: Expected = { code: 'commbox_rejected', outcome: 'not_sent', state: 'failed', calls: 1, complete: 1 };

/** Reads one request in full, then does this. */
const then =
  (act: (peer: Parameters<Script>[0]) => unknown): Script =>
  async (peer) => {
    while ((await peer.head()) !== null && (await peer.body())) act(peer);
  };
const answers = (text: string) => then((peer) => peer.end(text));
const keepsOpen = (text: string) => then((peer) => peer.write(text));
const OK = '{"status":200,"data":{"id":7}}';
const plain = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const megabytes = (count: number) => Buffer.alloc(count * 1_000_000, ' ');

// How the message came and went makes no difference to reading an answer; one row of each kind shows that.
const all: Way[] = ['json', 'form', 'async json'];
const usual: Way[] = ['json'];
const rows: [name: string, script: Script, expected: Expected, ways?: Way[]][] = [
  ['100, then the answer', keepsOpen(plain('HTTP/1.1 100 Continue') + envelope(200)), SENT, all],
  [
    '100 twice, byte by byte',
    then((peer) => byteByByte(peer, `${plain('HTTP/1.1 100 Continue').repeat(2)}${envelope(200)}`)),
    SENT,
  ],
  ['100 with headers, then a 400', keepsOpen(plain('HTTP/1.1 100 Continue', 'X: y') + envelope(400)), REJECTED],
  [
    '102, 103, then the answer',
    keepsOpen(plain('HTTP/1.1 102 X') + plain('HTTP/1.1 103 Early Hints', 'Link: </a>') + envelope(200)),
    SENT,
  ],
  ['100, and nothing more', answers(plain('HTTP/1.1 100 Continue')), UNCLEAR],
  ['101 to nothing asked for', answers(plain('HTTP/1.1 101 X', 'Upgrade: x', 'Connection: upgrade')), UNCLEAR],
  ['HTTP/1.0 without a length', answers(plain('HTTP/1.0 200 OK', 'Content-Type: application/json') + OK), SENT, all],
  ['HTTP/1.1 without a length', answers(plain('HTTP/1.1 200 OK') + OK), SENT],
  ['a body that begins like a 100', keepsOpen(envelopeLike('HTTP/1.1 100 Continue\r\n\r\n')), UNCLEAR],
  ['no HTTP', answers('SSH-2.0-OpenSSH_9.9\r\n'), UNCLEAR, all],
  ['an HTTP version of the future', answers(plain('HTTP/3.1 200 OK', 'Content-Length: 30') + OK), UNCLEAR],
  ['bare line feeds', answers(`HTTP/1.1 200 OK\nContent-Length: ${OK.length}\n\n${OK}`), UNCLEAR],
  ['a NUL in a header', answers(plain('HTTP/1.1 200 OK', 'X: a\0b', `Content-Length: ${OK.length}`) + OK), UNCLEAR],
  ['two lengths', answers(plain('HTTP/1.1 200 OK', 'Content-Length: 30', 'Content-Length: 31') + OK), UNCLEAR],
  [
    'two lengths, the same',
    answers(plain('HTTP/1.1 200 OK', 'Content-Length: 30', 'Content-Length: 30') + OK),
    UNCLEAR,
  ],
  [
    'a length and chunks',
    answers(plain('HTTP/1.1 200 OK', 'Content-Length: 30', 'Transfer-Encoding: chunked') + OK),
    UNCLEAR,
  ],
  ['chunks that are none', answers(`${plain('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}zz\r\n{}`), UNCLEAR],
  [
    'a 400 whose chunks are none',
    answers(`${plain('HTTP/1.1 400 X', 'Transfer-Encoding: chunked')}zz\r\n{}`),
    REJECTED,
  ],
  [
    'chunks without an end',
    answers(`${plain('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}1e\r\n${OK}\r\n`),
    UNCLEAR,
  ],
  ['a body shorter than its length', answers(plain('HTTP/1.1 200 OK', 'Content-Length: 99') + OK), UNCLEAR],
  ['headers without end', then((peer) => peer.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`)), UNCLEAR],
  [
    'a huge answer with a length',
    then((peer) => {
      peer.write(plain('HTTP/1.1 200 OK', 'Content-Length: 100000000'));
      for (let n = 0; n < 100; n++) peer.write(megabytes(1));
    }),
    UNCLEAR,
  ],
  [
    'a 400 with a huge body',
    then((peer) => {
      peer.write(plain('HTTP/1.1 400 X'));
      for (let n = 0; n < 20; n++) peer.write(megabytes(1));
    }),
    REJECTED,
  ],
  [
    'an endless answer',
    then((peer) => {
      peer.write(plain('HTTP/1.1 200 OK'));
      const more = () => peer.socket.write(megabytes(1), (error) => error ?? more());
      more();
    }),
    UNCLEAR,
  ],
  ['a second answer that nobody asked for', keepsOpen(envelope(200) + envelope(400)), SENT],
];

function envelopeLike(start: string): string {
  return plain('HTTP/1.1 200 OK', `Content-Length: ${start.length}`) + start;
}

async function byteByByte(peer: Parameters<Script>[0], text: string): Promise<void> {
  peer.socket.setNoDelay(true);
  for (const byte of text) await new Promise((resolve) => peer.socket.write(byte, resolve));
}

for (const [name, script, expected, ways = usual] of rows) {
  t.test(name, async (t) => {
    for (const way of ways) {
      await t.test(way, async (t) => {
        const upstream = await startRawUpstream(t, script);
        await checkFault(t, { way, upstream, expected });
      });
    }
  });
}
