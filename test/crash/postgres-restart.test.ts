import t from 'tap';
import { survivePostgresRestarts } from './postgres-restarts.ts';

t.setTimeout(300_000);

t.test('a restart of PostgreSQL under load loses nothing and sends nothing twice', async (t) => {
  await survivePostgresRestarts(t, { restarts: 2, gateways: 2 });
});
