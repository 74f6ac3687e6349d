import { runClosed } from './closed-run.ts';
import { modelNames, scenarioOf } from './scenarios.ts';
import { senderNames } from './senders.ts';

const [m = 'tokenBucket', s = 'gateway', stated = '1', pen = '0', n = '600'] = process.argv.slice(2);
const r = await runClosed({
  scenario: scenarioOf(m as never, stated === '1', pen === '1'),
  sender: s as never,
  seed: 1,
  callers: ['a', 'b', 'c', 'd'].map((name) => ({ name })),
  messages: Number(n),
});
console.log(JSON.stringify(r.figures), r.perSecond.grants.join(' '), '|', r.perSecond.refusals.join(' '));
