import t from 'tap';
import { surviveKills } from '../crash/kills.ts';
import { postgresPlace } from '../crash/place.ts';

t.setTimeout(1_800_000);

t.test('200 kills among three gateways on one PostgreSQL lose nothing and send nothing twice', async (t) => {
  await surviveKills(t, await postgresPlace(t), { kills: 200, gateways: 3 });
});
