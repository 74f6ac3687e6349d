import type { PacingExchange, PacingView } from '../flows.ts';
import type { StoreContext } from './context.ts';

type Published = Pick<PacingView, 'state' | 'version'>;

const FIND = 'SELECT state, version FROM pacing WHERE account = :account';
const PUBLISH_FIRST = `
  INSERT INTO pacing (account, state, version) VALUES (:account, :state, 1) ON CONFLICT (account) DO NOTHING`;
const PUBLISH_NEXT = `
  UPDATE pacing SET state = :state, version = version + 1 WHERE account = :account AND version = :version`;

/** Operations on what is remembered of the accounts' pace. */
export function createPacing({ database }: StoreContext) {
  const pacing = (account: string): Published => {
    const found = database.one(FIND, { account });
    if (found === undefined) return { state: null, version: 0 };
    return { state: found['state'] as string, version: found['version'] as number };
  };

  return {
    /** What was published last. */
    pacing,

    /** Publishes, if the version is still the stored one. Returns what is published then. */
    publishPacing(account: string, { state, version }: NonNullable<PacingExchange['publish']>): Published {
      if (version === 0) database.run(PUBLISH_FIRST, { account, state });
      else database.run(PUBLISH_NEXT, { account, state, version });
      return pacing(account);
    },
  };
}
