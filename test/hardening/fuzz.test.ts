import t from 'tap';
import { fuzz } from './fuzz/run.ts';

t.setTimeout(300_000);

t.test('2,000 generated requests over all routes', (t) => fuzz(t, { runs: 2_000, seed: 1 }));
