import { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Clock } from '../kernel/clock.ts';
import { skipContinue } from './interim-answers.ts';

/** A connection that was not there in time: no byte of a request was written. */
class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
  // Not one of undici's own codes: some of those make it try again for ever.
  readonly code = 'ETIMEDOUT';
}

/**
 * Holds a connector to one limit for all that comes before the first byte of a request: look-up, TCP, a proxy's tunnel
 * and TLS. undici's own limit starts anew with each, and leaves out the wait for the proxy's answer.
 */
export function withinTime(
  connect: buildConnector.connector,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): buildConnector.connector {
  return (options, callback) => {
    const late = new AbortController();
    let opening: unknown;
    const cancel = clock.schedule(timeoutMs, () => {
      late.abort();
      if (opening instanceof Socket) opening.destroy();
      callback(new ConnectTimeout('no connection in time'), null);
    });
    // A signal ends the call to a proxy; what connects directly hands out its socket.
    const stoppable = { ...options, signal: late.signal };
    opening = connect(stoppable, (error: Error | null, socket: Socket | null) => {
      if (late.signal.aborted) return void socket?.on('error', () => undefined).destroy();
      cancel();
      if (error !== null || socket === null) return callback(error ?? new Error('no connection'), null);
      skipContinue(socket);
      callback(null, socket);
    });
  };
}
