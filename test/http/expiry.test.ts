import t from 'tap';
import { least, startGateway } from '../support/gateway.ts';
import { createHeldAnswers, HELD } from '../support/held-answers.ts';
import { expectProblem } from './expect-problem.ts';

for (const headers of [{}, { 'idempotency-key': 'k' }] as const) {
  const name = 'idempotency-key' in headers ? 'with a key' : 'plain';
  t.test(`${name}: who waits past its expiresAt hears what was in the way, and that a repeat may go`, async (t) => {
    const held = createHeldAnswers();
    const { post, get, simulator } = await startGateway(t, {
      env: { UPSTREAM_CONCURRENCY: '1' },
      simulator: { clock: held, next: [HELD] },
    });
    const first = post('/v1/sms', least.sms);
    await simulator.waitFor(1);
    const expiresAt = new Date(Date.now() + 1_000).toISOString();
    const late = await post('/v1/sms', { ...least.sms, expiresAt }, headers);
    const problem = expectProblem(t, late, { code: 'overloaded' });
    t.match(problem['detail'], /expiresAt.*connections to CommBox were busy/);
    t.match(late.headers['retry-after'], /^[1-9]\d*$/);
    const message = await get(`/v1/messages/${problem['messageId']}`);
    t.match(message.json(), { status: 'expired', code: 'overloaded', outcome: 'not_sent', attempts: 0 });
    held.release();
    t.equal((await first).status, 201);
    t.equal(simulator.counts().calls, 1);
  });
}
