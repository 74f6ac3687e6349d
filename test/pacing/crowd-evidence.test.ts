import t from 'tap';
import { createCrowdEvidence } from '../../src/pacing/crowd-evidence.ts';

const after = (...grants: readonly number[]) => {
  const evidence = createCrowdEvidence();
  for (const inFlight of grants) evidence.granted(inFlight);
  return evidence;
};
const times = (count: number, inFlight: number): number[] => Array.from({ length: count }, () => inFlight);

t.test('refusals that come with more in flight than hardly any grant name the least of them', async (t) => {
  const evidence = after(...times(60, 2), ...times(40, 4), 6, 6);
  t.equal(evidence.refused(6), null);
  t.equal(evidence.refused(5), null, 'two may be chance');
  t.equal(evidence.refused(7), 5);
});

t.test('where as many in flight are granted as well, they are not what is refused', async (t) => {
  const evidence = after(...times(60, 2), ...times(30, 5), ...times(10, 6));
  for (const inFlight of [5, 6, 5, 6]) t.equal(evidence.refused(inFlight), null);
  const few = after(...times(10, 2));
  for (const inFlight of [5, 5, 5, 5]) t.equal(few.refused(inFlight), null, 'so few grants say nothing');
  const one = after(...times(100, 1));
  for (const inFlight of [1, 1, 1]) t.equal(one.refused(inFlight), null, 'a single call is never too many');
});

t.test('one refusal among fewer speaks against it, until three more do not', async (t) => {
  const evidence = after(...times(100, 3));
  t.strictSame(
    [5, 2, 5, 5, 5].map((inFlight) => evidence.refused(inFlight)),
    [null, null, null, null, 5],
  );
  evidence.forget();
  t.equal(evidence.refused(5), null);
});

t.test('what was granted long ago counts for nothing', async (t) => {
  const evidence = after(...times(1_000, 8), ...times(500, 2));
  t.strictSame(
    [6, 6, 6].map((inFlight) => evidence.refused(inFlight)),
    [null, null, 6],
  );
  const old = after(...times(5_000, 2), ...times(30, 8));
  for (const inFlight of [6, 6, 6]) t.equal(old.refused(inFlight), null);
});
