import t from 'tap';
import { createStops } from '../../src/pacing/stops.ts';
import type { Pause } from '../../src/store/flows.ts';

const pause = (part: Partial<Pause>): Pause => ({ account: 'default', lane: null, caller: null, since: 1, ...part });

/** Which of the flows of two accounts, two lanes and two callers are stopped. */
function stoppedBy(...pauses: Pause[]): string[] {
  const stops = createStops();
  stops.replace(pauses);
  return ['default', 'brand-b'].flatMap((account) =>
    (['critical', 'bulk'] as const).flatMap((lane) =>
      ['shop', 'news']
        .filter((caller) => stops.isStopped(account, lane, caller))
        .map((caller) => `${account} ${lane} ${caller}`),
    ),
  );
}

t.test('a stop holds what it names, and nothing else', async (t) => {
  t.strictSame(stoppedBy(), []);
  t.strictSame(stoppedBy(pause({ account: 'brand-b' })), [
    'brand-b critical shop',
    'brand-b critical news',
    'brand-b bulk shop',
    'brand-b bulk news',
  ]);
  t.strictSame(stoppedBy(pause({ lane: 'bulk' })), ['default bulk shop', 'default bulk news']);
  t.strictSame(stoppedBy(pause({ caller: 'news' })), ['default critical news', 'default bulk news']);
  t.strictSame(stoppedBy(pause({ lane: 'bulk', caller: 'news' })), ['default bulk news']);
});

t.test('several stops hold together, and lifting one leaves the others', async (t) => {
  const lane = pause({ lane: 'bulk' });
  const caller = pause({ lane: 'bulk', caller: 'news' });
  t.strictSame(stoppedBy(lane, caller, pause({ caller: 'shop' })), [
    'default critical shop',
    'default bulk shop',
    'default bulk news',
  ]);
  t.strictSame(stoppedBy(caller), ['default bulk news']);
});

t.test('the stops are listed as they came, and new ones replace them all', async (t) => {
  const stops = createStops();
  const first = [pause({}), pause({ lane: 'bulk' })];
  stops.replace(first);
  t.strictSame(stops.list(), first);
  stops.replace([]);
  t.strictSame(stops.list(), []);
  t.notOk(stops.isStopped('default', 'bulk', 'shop'));
});
