import { once } from 'node:events';
import t, { type Test } from 'tap';
import { GATEWAY_KEY, startGateway } from '../support/gateway.ts';
import { rawCall } from './raw-call.ts';

const MIB = 1024 ** 2;

interface Upload {
  readonly version: '1.0' | '1.1';
  readonly path: string;
  readonly key: string;
  readonly mebibytes: number;
}

/** What a caller hears that wants its connection to end, and writes all of its body before it reads. */
async function upload(t: Test, port: number, { version, path, key, mebibytes }: Upload): Promise<string> {
  const head = [
    `POST ${path} HTTP/${version}`,
    'Host: gateway',
    'Connection: close',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${mebibytes * MIB}`,
    '',
    '',
  ].join('\r\n');
  const { socket, ended } = await rawCall(t, port, head);
  socket.pause();
  const piece = Buffer.alloc(MIB / 4, 'x');
  for (let written = 0; written < mebibytes * MIB && !socket.destroyed; written += piece.length) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  }
  socket.resume();
  return ended;
}

t.test('whoever wants its connection to end hears why its upload is refused, and then it ends', async (t) => {
  const { port, simulator } = await startGateway(t);
  for (const version of ['1.0', '1.1'] as const) {
    for (const path of ['/v1/sms', '/v1/email', '/streams/532/objects']) {
      const large = await upload(t, port, { version, path, key: GATEWAY_KEY, mebibytes: 5 });
      t.match(large, /^HTTP\/1\.1 413 [\s\S]*payload_too_large/, `${version} ${path}`);
    }
    const unknown = await upload(t, port, { version, path: '/v1/sms', key: 'guess', mebibytes: 5 });
    t.match(unknown, /^HTTP\/1\.1 401 [\s\S]*unauthorized/);
  }
  t.equal(simulator.counts().calls, 0);
});
