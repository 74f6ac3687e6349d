import t from 'tap';
import { startOn } from './stored/stage.ts';
import { createSqliteStorage } from './stored/storage.ts';
import { suites } from './stored/suites.ts';

const start = startOn(createSqliteStorage);
for (const [name, suite] of Object.entries(suites)) {
  t.test(name, async (t) => suite(t, start));
}
