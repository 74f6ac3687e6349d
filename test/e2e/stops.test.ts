import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { asCaller, callersYaml } from './stored/callers.ts';
import { sms, startOn, textsAt } from './stored/stage.ts';
import { createSqliteStorage } from './stored/storage.ts';

const start = startOn(createSqliteStorage);
const yaml = callersYaml({ shop: '', bank: '' });
const path = '/v1/pacing/default';

interface Case {
  readonly stop: object;
  /** Who sends, in which lane. */
  readonly held: readonly [caller: string, lane: string];
  readonly free: readonly (readonly [caller: string, lane: string])[];
}

const cases: readonly Case[] = [
  { stop: { lane: 'bulk' }, held: ['shop', 'bulk'], free: [['shop', 'normal']] },
  { stop: { caller: 'shop' }, held: ['shop', 'normal'], free: [['bank', 'normal']] },
  {
    stop: { lane: 'bulk', caller: 'shop' },
    held: ['shop', 'bulk'],
    free: [
      ['shop', 'normal'],
      ['bank', 'bulk'],
    ],
  },
];

for (const { stop, held, free } of cases) {
  t.test(`a stop of ${JSON.stringify(stop)} holds that, and nothing else`, async (t) => {
    const { post, accept, view, reaches, simulator } = await start(t, { yaml });
    const viewAs = ([caller]: readonly [string, string], id: string) => view(id, asCaller(caller));
    const plain = ([caller, lane]: readonly [string, string], text: string) =>
      post('/v1/sms', sms(text, { lane }), { ...asCaller(caller), prefer: 'wait=0' });
    const later = ([caller, lane]: readonly [string, string], text: string) =>
      accept(sms(text, { lane }), asCaller(caller));

    t.equal((await post(`${path}/pause`, stop)).status, 200);
    expectProblem(t, await plain(held, 'held, plain'), { code: 'overloaded', outcome: 'not_sent' });
    const id = await later(held, 'held');
    for (const flow of free) {
      t.equal((await plain(flow, 'free, plain')).status, 201);
      await reaches(await later(flow, 'free'), 'sent');
    }
    t.match(await viewAs(held, id), { status: 'queued', waitingFor: 'paused' });
    const gone = free.flatMap(() => ['free, plain', 'free']);
    t.strictSame(textsAt(simulator), gone);

    t.equal((await post(`${path}/resume`, {})).status, 200);
    t.match(await viewAs(held, id), { status: 'queued' }, 'only the same stop is lifted');
    t.equal((await post(`${path}/resume`, stop)).status, 200);
    await reaches(id, 'sent');
    t.equal((await plain(held, 'held, plain')).status, 201);
    t.strictSame(textsAt(simulator), [...gone, 'held', 'held, plain']);
  });
}
