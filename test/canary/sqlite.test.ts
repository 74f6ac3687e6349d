import t from 'tap';
import { createSqliteStorage } from '../e2e/stored/storage.ts';
import { proveNoLeak } from './prove.ts';
import { bytesBelow } from './stage.ts';

t.setTimeout(120_000);
proveNoLeak(
  t,
  () => createSqliteStorage(t),
  ({ dataDir }) => bytesBelow(dataDir),
);
