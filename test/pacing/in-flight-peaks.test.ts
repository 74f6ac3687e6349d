import t from 'tap';
import { createInFlightPeaks } from '../../src/pacing/in-flight-peaks.ts';

t.test('a call is refused as the one it began as, or as one that may have overtaken it', async (t) => {
  const peaks = createInFlightPeaks();
  peaks.started(9, 0);
  const place = peaks.started(4, 1_000);
  t.equal(peaks.peakAround(place, 40), 4);
  peaks.started(5, 1_020);
  peaks.started(6, 1_021);
  t.equal(peaks.peakAround(place, 40), 5, 'what started while it was on its way there');
  peaks.started(7, 1_101);
  t.equal(peaks.peakAround(place, 300), 6, 'CommBox itself may take long to refuse it');
  t.equal(peaks.peakSince(place), 7, 'and so many were in flight while it was on its way');
});

t.test('of very many starts the last 64 count', async (t) => {
  const peaks = createInFlightPeaks();
  const place = peaks.started(9, 0);
  for (let n = 0; n < 64; n++) peaks.started(2, n);
  t.equal(peaks.peakSince(place), 2);
  t.equal(peaks.peakAround(place, 40), 0, 'nobody knows');
});
