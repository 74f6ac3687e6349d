import t from 'tap';
import { surviveKills } from '../crash/kills.ts';
import { sqlitePlace } from '../crash/place.ts';

t.setTimeout(1_800_000);

t.test('200 kills of a gateway on SQLite lose nothing and send nothing twice', async (t) => {
  await surviveKills(t, await sqlitePlace(t), { kills: 200 });
});
