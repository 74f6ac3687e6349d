import t from 'tap';
import { survivePostgresRestarts } from '../crash/postgres-restarts.ts';

t.setTimeout(900_000);

t.test('20 restarts of PostgreSQL under the load of three gateways lose nothing', async (t) => {
  await survivePostgresRestarts(t, { restarts: 20, gateways: 3 });
});
