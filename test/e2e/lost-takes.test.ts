import t from 'tap';
import { startPostgres } from '../support/postgres.ts';
import { startOddWay } from './odd-way.ts';
import { sms, startOn, textsAt } from './stored/stage.ts';
import { postgresStorages } from './stored/storage.ts';

const createStorage = postgresStorages(await startPostgres(t));

t.test('what a lost answer of the database took along is sent all the same, once', async (t) => {
  const storage = await createStorage(t);
  const url = new URL(storage.env['DATABASE_URL'] ?? '');
  const way = await startOddWay(t, Number(url.port));
  url.port = String(way.port);
  const gateway = await startOn(createStorage)(t, { storage: { ...storage, env: { DATABASE_URL: url.href } } });
  const { simulator } = gateway;
  const before = await gateway.accept(sms('before'));
  await gateway.reaches(before, 'sent', 100);

  const lost = way.loseAnswerTo('take-messages');
  const ids = await Promise.all([gateway.accept(sms('one')), gateway.accept(sms('two'))]);
  await lost;
  for (const id of ids) await gateway.reaches(id, 'sent', 100);
  t.strictSame(textsAt(simulator).sort(), ['before', 'one', 'two']);
});
