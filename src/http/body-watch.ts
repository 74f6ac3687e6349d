import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import type { ConnectionLimits } from './connection-limits.ts';

interface Arrival {
  readonly request: IncomingMessage;
  readonly bytesBefore: number;
  startedAt: number;
}

/**
 * Tells of every request whose body arrives too slowly, once. Bytes are counted at the socket, so that nothing is added
 * to the way of the body itself, and time in which this process stood still counts for nobody.
 */
export function watchBodies(
  server: Server,
  limits: ConnectionLimits,
  clock: Clock,
  onTooSlow: (request: IncomingMessage) => void,
): void {
  // One for each connection, where a request begins only when the body before it is complete. To keep every request
  // until the next check would make garbage collection copy thousands that are long over.
  const arriving = new Map<Socket, Arrival>();
  let dueAt = 0;
  let isScheduled = false;

  server.prependListener('request', (request: IncomingMessage) => {
    if (!hasBody(request)) return;
    const { socket } = request;
    arriving.set(socket, { request, bytesBefore: socket.bytesRead, startedAt: clock.monotonic() });
    schedule();
  });

  function schedule(): void {
    if (isScheduled || arriving.size === 0) return;
    isScheduled = true;
    dueAt = clock.monotonic() + limits.checkMs;
    clock.schedule(limits.checkMs, check);
  }

  function check(): void {
    isScheduled = false;
    const now = clock.monotonic();
    const stoodStillMs = Math.max(now - dueAt, 0);
    for (const [socket, arrival] of arriving) {
      const { request, bytesBefore } = arrival;
      arrival.startedAt += stoodStillMs;
      if (request.complete || socket.destroyed) {
        arriving.delete(socket);
        continue;
      }
      const seconds = (socket.bytesRead - bytesBefore) / limits.bodyBytesPerSecond;
      if (now - arrival.startedAt <= limits.bodyGraceMs + seconds * 1000) continue;
      arriving.delete(socket);
      onTooSlow(request);
    }
    schedule();
  }
}

/** Whether the headers announce a body (RFC 9112, 6.3). */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
