import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Clock } from '../../kernel/clock.ts';
import { isDataDirLocked } from '../../store/data-dir-lock.ts';
import { type AccountCheck, createAccountCheck } from './account.ts';
import { bounded, type Check, ok, warning } from './check.ts';
import { checkDirectory, checkSpace } from './directories.ts';
import { createPostgresCheck } from './postgres.ts';
import { checkSqlite } from './sqlite.ts';

/** Tries everything around a configuration, side by side. Never rejects; ends within a few seconds more than one check may take. */
export async function runChecks(config: Config, clock: Clock): Promise<readonly Check[]> {
  const databaseUrl = config.databaseUrl();
  const groups = await Promise.all([
    bounded(clock, 'data directory', () => checkDataDir(config)),
    ...(databaseUrl === null ? [] : [checkPostgres(databaseUrl, clock)]),
    ...config.accounts.map((account) => {
      let check: AccountCheck | undefined;
      const run = () => {
        check = createAccountCheck(account, config, clock);
        return check.run();
      };
      return bounded(clock, `account ${account.name}`, run, () => check?.destroy());
    }),
  ]);
  return groups.flat();
}

async function checkDataDir(config: Config): Promise<readonly Check[]> {
  const { dataDir, limits } = config;
  const owner = ownerOf(dataDir);
  const isInUse = owner !== 'nobody';
  const tryWriting = !isInUse;
  const directory = await checkDirectory('data directory', { directory: dataDir, tryWriting });
  // What lies within can only fail for the same reason.
  if (directory.status === 'failed') return [directory];
  const checks = [
    directory,
    await checkDirectory('attachment spool', { directory: join(dataDir, 'spool'), tryWriting }),
    await checkSpace(dataDir, limits.attachmentLimit),
  ];
  if (owner === 'gateway') {
    checks.push(ok('gateway', 'one is running on this data directory: its files are looked at, and not written'));
  }
  if (owner === 'unclear')
    checks.push(warning('gateway', 'its lock in the data directory cannot be read: is one running?'));
  if (config.databaseUrl() === null) {
    checks.push(checkSqlite(join(dataDir, 'gateway.db'), isInUse));
  }
  return checks;
}

/** Whose the data directory is. Where the lock cannot be looked at, it might be a gateway's. */
function ownerOf(dataDir: string): 'gateway' | 'nobody' | 'unclear' {
  try {
    return isDataDirLocked(dataDir) ? 'gateway' : 'nobody';
  } catch {
    return 'unclear';
  }
}

function checkPostgres(databaseUrl: string, clock: Clock): Promise<readonly Check[]> {
  const check = createPostgresCheck(databaseUrl);
  return bounded(clock, 'store', check.run, check.destroy);
}
