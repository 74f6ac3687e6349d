import t from 'tap';
import { startPostgres } from '../support/postgres.ts';
import { startOn } from './stored/stage.ts';
import { postgresStorages } from './stored/storage.ts';
import { suites } from './stored/suites.ts';

const start = startOn(postgresStorages(await startPostgres(t)));
for (const [name, suite] of Object.entries(suites)) {
  t.test(name, async (t) => suite(t, start));
}
