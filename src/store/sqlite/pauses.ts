import type { Lane } from '../../channels/channel.ts';
import type { Pause } from '../flows.ts';
import type { StoreContext } from './context.ts';
import { wholeMs } from './rows.ts';

const SET = `
  INSERT INTO pauses (account, lane, caller, since) VALUES (:account, :lane, :caller, :since) ON CONFLICT DO NOTHING`;
const LIFT = 'DELETE FROM pauses WHERE account = :account AND lane IS :lane AND caller IS :caller';
const ALL = 'SELECT account, lane, caller, since FROM pauses ORDER BY since, rowid';

/** Operations on what an operator has stopped. */
export function createPauses({ database }: StoreContext) {
  return {
    setPause({ account, lane, caller, since }: Pause, isPaused: boolean): boolean {
      const target = { account, lane, caller };
      return database.run(isPaused ? SET : LIFT, isPaused ? { ...target, since: wholeMs(since) } : target) === 1;
    },

    pauses: (): Pause[] =>
      database.all(ALL).map((row) => ({
        account: row['account'] as string,
        lane: row['lane'] as Lane | null,
        caller: row['caller'] as string | null,
        since: row['since'] as number,
      })),
  };
}
