import type { PacingAlarm } from '../pacing/pacer-state.ts';
import type { Log } from './log.ts';

/** What is said about an account that does not send for a longer time, in logs and in the warnings of readiness. */
export const pacingReasons: Record<PacingAlarm, (account: string) => string> = {
  unreachable: (account) => `CommBox cannot be reached for account ${account}`,
  exhausted: (account) => `quota exhausted: CommBox has refused probe after probe of account ${account}`,
};

/** Logs what holds an account up, and what held it up when that is over. Whoever tells says every change once. */
export function createPacingAlarms(log: Log): (account: string, alarm: PacingAlarm | null) => void {
  return (account, alarm) => {
    // A connection comes back by itself most of the time; a quota has to be asked for.
    if (alarm === null) log.info({ account }, 'CommBox takes messages of the account again');
    else
      (alarm === 'exhausted' ? log.error : log.warn)(
        { account, cause: alarm },
        `${pacingReasons[alarm](account)}: its messages wait`,
      );
  };
}
