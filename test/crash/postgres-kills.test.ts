import t from 'tap';
import { hastyKind, surviveKills } from './kills.ts';
import { postgresPlace } from './place.ts';

t.setTimeout(300_000);

t.test('a gateway on PostgreSQL that is killed again and again loses nothing and sends nothing twice', async (t) => {
  await surviveKills(t, await postgresPlace(t), { kills: 20, nextKind: hastyKind });
});
