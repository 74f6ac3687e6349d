import { connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import type { Test } from 'tap';

const FILE = fileURLToPath(import.meta.url);

/**
 * An address where connecting neither succeeds nor fails: a listener whose thread sleeps, and whose backlog is full, so
 * that the system drops whatever else knocks. Gives its base URL; ends with the test.
 */
export async function startBlackHole(t: Test): Promise<string> {
  const worker = new Worker(FILE, { workerData: 'sleep' });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const knocking: Socket[] = [];
  t.teardown(async () => {
    for (const socket of knocking) socket.destroy();
    await worker.terminate();
  });
  // The kernel takes one more than the backlog says. Who is not let in within this time will not be; on a busy machine
  // the news of it may be late, but then it comes with the same turn of the event loop.
  for (let isFull = false; !isFull; ) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    knocking.push(socket);
    isFull = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => setImmediate(resolve, true), 100);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }
  return `http://127.0.0.1:${port}`;
}

function sleepAtListener(): void {
  const server = createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    const address = server.address();
    parentPort?.postMessage(typeof address === 'object' ? address?.port : 0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}

if (parentPort !== null) sleepAtListener();
