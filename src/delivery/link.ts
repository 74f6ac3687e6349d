import { type CommboxClient, type CommboxClientOptions, createCommboxClient } from '../commbox/client.ts';
import { type Attempt, createAttempt } from './attempt.ts';
import type { Keyring } from './keyring.ts';

/** The way to one base URL of CommBox, with connections of its own. */
export interface Link {
  /** For searches. */
  readonly lookups: CommboxClient;
  /** For questions about the keys. */
  readonly questions: CommboxClient;
  /** Path of the base URL, without a slash at its end. */
  readonly basePath: string;
  readonly attempt: Attempt;
  /** Call when no further attempt begins. Resolves once those that have begun are over and the connections closed. */
  leave(): Promise<void>;
  /** Resolves when the calls in flight have ended and the connections are closed. */
  close(): Promise<void>;
  /** Ends the calls in flight at once. */
  cut(): Promise<void>;
}

export interface LinkOptions extends Omit<CommboxClientOptions, 'origin' | 'connections'> {
  readonly url: URL;
  /** Most attempts at once, as the pacer counts them: none of them ever waits for a connection in use. */
  readonly concurrency: number;
  readonly keyring: Keyring;
}

/** Most other calls at once, of each kind. They never share a connection with attempts, which the pacer alone counts. */
const OTHER_CONNECTIONS = 4;

export function createLink({ url, keyring, concurrency, ...options }: LinkOptions): Link {
  const clientWith = (connections: number) => createCommboxClient({ ...options, origin: url.origin, connections });
  const client = clientWith(concurrency);
  const lookups = clientWith(OTHER_CONNECTIONS);
  const questions = clientWith(OTHER_CONNECTIONS);
  const clients = [client, lookups, questions];
  const basePath = url.pathname.replace(/\/+$/, '');
  const attempt = createAttempt({ client, basePath, keyring, clock: options.clock });
  let attempts = 0;
  const unused = Promise.withResolvers<void>();
  let isLeft = false;

  const over = <T>(end: T): T => {
    attempts--;
    noticeEnd();
    return end;
  };
  const noticeEnd = () => {
    if (isLeft && attempts === 0) unused.resolve();
  };
  const close = async () => {
    await Promise.all(clients.map((each) => each.close().catch(() => undefined)));
  };
  return {
    lookups,
    questions,
    basePath,
    attempt(message) {
      attempts++;
      return attempt(message).then(over, (error) => {
        throw over(error);
      });
    },
    leave() {
      isLeft = true;
      noticeEnd();
      return unused.promise.then(close);
    },
    close,
    async cut() {
      await Promise.all(clients.map((each) => each.destroy()));
    },
  };
}
