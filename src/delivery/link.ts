import { type CommboxClient, type CommboxClientOptions, createCommboxClient } from '../commbox/client.ts';
import { type Attempt, createAttempt } from './attempt.ts';
import type { Keyring } from './keyring.ts';

/** The way to one base URL of CommBox, with connections of its own. */
export interface Link {
  readonly client: CommboxClient;
  /** Path of the base URL, without a slash at its end. */
  readonly basePath: string;
  readonly attempt: Attempt;
  /** Call when no further attempt begins. Resolves once those that have begun are over and the connections closed. */
  leave(): Promise<void>;
  /** Resolves when the connections are closed; `isLate` cuts the calls in flight. */
  close(isLate: boolean): Promise<void>;
}

export interface LinkOptions extends Omit<CommboxClientOptions, 'origin'> {
  readonly url: URL;
  readonly keyring: Keyring;
}

export function createLink({ url, keyring, ...options }: LinkOptions): Link {
  const client = createCommboxClient({ ...options, origin: url.origin });
  const basePath = url.pathname.replace(/\/+$/, '');
  const attempt = createAttempt({ client, basePath, keyring, clock: options.clock });
  let attempts = 0;
  const unused = Promise.withResolvers<void>();
  let isLeft = false;

  const noticeEnd = () => {
    if (isLeft && attempts === 0) unused.resolve();
  };
  const close = () => client.close().catch(() => undefined);
  return {
    client,
    basePath,
    async attempt(message) {
      attempts++;
      try {
        return await attempt(message);
      } finally {
        attempts--;
        noticeEnd();
      }
    },
    leave() {
      isLeft = true;
      noticeEnd();
      return unused.promise.then(close);
    },
    close: (isLate) => (isLate ? client.destroy() : close()),
  };
}
