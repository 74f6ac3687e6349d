import { parseArgs } from 'node:util';
import { contenders } from './contenders.ts';
import { reportDurable } from './durable/report.ts';
import { measureDurable } from './durable.ts';
import { splitCores } from './lib/cpu.ts';
import { measureMemory } from './memory.ts';
import { measurePacing, pacingChoice, pacingParts } from './pacing.ts';
import { profileContender } from './profile.ts';
import { reportMemory, reportThroughput } from './report.ts';
import { measureThroughput } from './throughput.ts';

const HELP = `node bench/run.ts [throughput | memory | durable | pacing | profile] [options]

Without a name: throughput, then memory.

  --slices N    rounds; each contender is measured once in each (default 8; durable: 3)
  --seconds N   length of one measurement (default 3)
  --warm-up N   load before the first round, per contender (default 6)
  --of NAME     profile: gateway-sms (default), gateway-drop-in, bare, raw, fastify-http-proxy, express
  --stored N    durable: messages that wait in the large store (default 1000000: 2 GB in TMPDIR)
  --earlier DIR durable: an earlier version's checkout, whose plain path is measured beside this one's
  --part A,B    pacing: ${pacingParts.join(', ')} (default: all)
  --model A,B   pacing, compare, change and replicas: tokenBucket, fixedWindow, slidingWindow, concurrency (default: all)
  --contender A,B  pacing, compare: gateway, undici, p-retry, p-throttle (default: all)
  --seeds N     pacing: each run so many times, each with another seed (default 3)
  --parallel N  pacing: runs at the same time (default 5)
  --pictures DIR  pacing, compare: draws what happened, as SVG
  --json        figures as one JSON document on standard output`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slices: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '6' },
    stored: { type: 'string', default: '1000000' },
    earlier: { type: 'string' },
    part: { type: 'string' },
    model: { type: 'string' },
    contender: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    parallel: { type: 'string', default: '5' },
    pictures: { type: 'string' },
    of: { type: 'string', default: 'gateway-sms' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const MEMORY_REPETITIONS = 3;
const SLICES = 8;
// Each round of `durable` has seven measurements, and four of them send what was accepted, too.
const DURABLE_SLICES = 3;
const names = ['all', 'throughput', 'memory', 'durable', 'pacing', 'profile'];
const progress = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const [which = 'all', ...others] = positionals;
  if (values.help || others.length > 0 || !names.includes(which)) {
    console.log(HELP);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  if (which === 'pacing') return runPacing();
  const cores = splitCores();
  if (cores.caveat !== null) progress(`! ${cores.caveat}`);
  const seconds = positive('seconds');
  const warmUpSeconds = positive('warm-up');
  if (which === 'profile') {
    const contender = contenders.find(({ name }) => name === values.of)?.name;
    if (contender === undefined)
      throw new RangeError(`--of must be one of ${contenders.map(({ name }) => name).join(', ')}`);
    return console.log(await profileContender({ cores, contender, seconds, warmUpSeconds }));
  }
  if (which === 'durable') {
    const times = { slices: Math.ceil(positive('slices', DURABLE_SLICES)), seconds, warmUpSeconds, progress };
    const stored = Math.ceil(positive('stored'));
    const durable = await measureDurable({ cores, stored, earlier: values.earlier ?? null, ...times });
    return console.log(
      values.json ? JSON.stringify({ caveat: cores.caveat, durable }, null, 2) : reportDurable(durable),
    );
  }
  const slices = Math.ceil(positive('slices', SLICES));
  const throughput =
    which === 'memory' ? null : await measureThroughput({ cores, slices, seconds, warmUpSeconds, progress });
  if (throughput !== null && !values.json) console.log(`${reportThroughput(throughput)}\n`);
  const memory = which === 'throughput' ? null : await measureMemory(MEMORY_REPETITIONS, progress);
  if (memory !== null && !values.json) console.log(reportMemory(memory));
  if (values.json) console.log(JSON.stringify({ caveat: cores.caveat, throughput, memory }, null, 2));
}

/** Its runs wait nearly all of the time, so they share the cores. */
async function runPacing(): Promise<void> {
  // Every process that is started leaves one until it ends.
  process.setMaxListeners(0);
  const times = { seeds: Math.ceil(positive('seeds')), parallel: Math.ceil(positive('parallel')), progress };
  const { figures, report } = await measurePacing({
    ...pacingChoice(values),
    ...times,
    pictures: values.pictures ?? null,
  });
  console.log(values.json ? JSON.stringify(figures, null, 2) : report);
}

function positive(
  name: 'slices' | 'seconds' | 'warm-up' | 'stored' | 'seeds' | 'parallel',
  otherwise?: number,
): number {
  const number = Number(values[name] ?? otherwise);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new RangeError(`--${name} must be a number above 0`);
}

// Without a listener a signal ends the process before it can end the others.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await main();
