import t from 'tap';
import { impliedLane, resolveLane } from '../../src/access/lane.ts';
import { caller, stream, thrownBy } from './fixtures.ts';

const plain = stream('plain');
const urgent = stream('urgent', { lane: 'critical' });

t.test('the request decides, then the stream, then the caller', async (t) => {
  const service = caller({ highestLane: 'critical', defaultLane: 'bulk' });
  t.equal(resolveLane(service, urgent, 'normal'), 'normal');
  t.equal(resolveLane(service, urgent, undefined), 'critical');
  t.equal(resolveLane(service, plain, undefined), 'bulk');
});

t.test('asking for more than the caller may is 403, also where the stream itself is higher', async (t) => {
  const service = caller({ highestLane: 'normal' });
  for (const target of [plain, urgent]) {
    const error = thrownBy(() => resolveLane(service, target, 'critical'));
    t.match(error, { code: 'forbidden', options: { faults: [{ pointer: '/lane', message: /normal$/ }] } });
  }
  const byHeader = thrownBy(() => resolveLane(service, plain, 'critical', 'Gateway-Lane'));
  t.match(byHeader, { message: /^the header Gateway-Lane: /, options: { faults: [{ pointer: '' }] } });
  t.equal(resolveLane(service, plain, 'bulk'), 'bulk');
  t.equal(resolveLane(service, urgent, undefined), 'critical', 'the operator’s choice for the stream holds');
});

t.test('the implied lane is normal, or the highest where that is lower', async (t) => {
  t.strictSame([impliedLane('critical'), impliedLane('normal'), impliedLane('bulk')], ['normal', 'normal', 'bulk']);
});
