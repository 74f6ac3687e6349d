import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import type { ConnectionLimits } from './connection-limits.ts';

interface Rest {
  /** Bytes that the system had taken. */
  readonly taken: number;
  since: number;
}

/**
 * Ends connections whose caller reads nothing of an answer for {@link ConnectionLimits.unreadMs}, which no timer of Node
 * does. Adds nothing to a request: all connections are looked at now and then, and only blocked ones are remembered.
 * Time in which this process stood still counts for nobody.
 */
export function watchAnswers(server: Server, { unreadMs, checkMs }: ConnectionLimits, clock: Clock): void {
  const open = new Set<Socket>();
  const resting = new Map<Socket, Rest>();
  let dueAt = 0;
  let cancel: (() => void) | null = null;

  server.on('connection', (socket: Socket) => {
    open.add(socket);
    if (cancel === null) schedule();
    socket.once('close', () => {
      open.delete(socket);
      resting.delete(socket);
      if (open.size > 0) return;
      cancel?.();
      cancel = null;
    });
  });

  function schedule(): void {
    dueAt = clock.monotonic() + checkMs;
    cancel = clock.schedule(checkMs, check);
  }

  function check(): void {
    const now = clock.monotonic();
    const stoodStillMs = Math.max(now - dueAt, 0);
    for (const socket of open) look(socket, now, stoodStillMs);
    schedule();
  }

  function look(socket: Socket, now: number, stoodStillMs: number): void {
    if (socket.writableLength === 0) return void resting.delete(socket);
    const taken = bytesTaken(socket);
    const rest = resting.get(socket);
    if (rest?.taken !== taken) return void resting.set(socket, { taken, since: now });
    rest.since += stoodStillMs;
    if (now - rest.since > unreadMs) socket.destroy();
  }
}

/**
 * What the system took of what was written, up to a constant: only a difference means something. `bytesWritten` counts
 * what waits in this process as well, and of a big piece that is under way only the handle knows how much is left;
 * Node's own idle timer asks it, too.
 */
function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return socket.bytesWritten - socket.writableLength - (handle?.writeQueueSize ?? 0);
}
