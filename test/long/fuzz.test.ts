import t from 'tap';
import { fuzz } from '../hardening/fuzz/run.ts';

t.setTimeout(1_200_000);

t.test('20,000 generated requests over all routes', (t) => fuzz(t, { runs: 20_000 }));
