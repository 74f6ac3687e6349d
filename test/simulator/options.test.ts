import t from 'tap';
import { parseSimulatorArgs, SimulatorUsageError, simulatorFlags } from '../../src/simulator/options.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { simulatorUsage } from '../../src/simulator/usage.ts';

t.test('without options it listens on 4010 and accepts everything', async (t) => {
  const { options, help } = parseSimulatorArgs([]);
  t.equal(help, false);
  t.match(options, { host: '127.0.0.1', port: 4010, keys: null, streams: null, throttles: [] });
});

t.test('the options of the command line reach the simulator', async (t) => {
  const line =
    '--port 0 --rate 5 --burst 10 --retry-after seconds --latency 50 --jitter 5 --key a --key b --stream 1 ' +
    '--penalty 100 --per-stream --error-rate 0.1 --first-id 9007199254740993 --seed 3 --keep 10';
  const { options } = parseSimulatorArgs(line.split(' '));
  t.match(options, {
    port: 0,
    keys: ['a', 'b'],
    streams: ['1'],
    latency: { ms: 50, jitterMs: 5 },
    throttles: [{ model: 'tokenBucket', rate: 5, burst: 10, retryAfter: 'seconds', penaltyMs: 100, scope: 'stream' }],
    errorRate: 0.1,
    firstObjectId: 9007199254740993n,
    seed: 3,
    keepCalls: 10,
  });
  const simulator = await startSimulator(options);
  await simulator.close();
});

t.test('windows and concurrency can be asked for', async (t) => {
  t.match(parseSimulatorArgs(['--limit', '100']).options.throttles, [
    { model: 'fixedWindow', limit: 100, windowMs: 60_000, retryAfter: 'none', scope: 'account' },
  ]);
  t.match(
    parseSimulatorArgs(['--limit=9', '--window=1000', '--sliding', '--concurrency=2', '--retry-after=99']).options
      .throttles,
    [
      { model: 'slidingWindow', limit: 9, windowMs: 1000, retryAfter: 99 },
      { model: 'concurrency', limit: 2 },
    ],
  );
  t.match(parseSimulatorArgs(['--rate', '0.5']).options.throttles, [{ rate: 0.5, burst: 1 }]);
});

t.test('a wrong option is named with what it allows', async (t) => {
  const cases: [argv: string[], message: RegExp][] = [
    [['--port', '70000'], /--port: a whole number from 0 to 65535/],
    [['--port', ''], /--port/],
    [['--latency', 'fast'], /--latency: a number of at least 0/],
    [['--error-rate', '2'], /--error-rate: a number from 0 to 1/],
    [['--retry-after', 'soon'], /--retry-after: none, seconds, date, or a number/],
    [['--first-id', '-1'], /--first-id/],
    [['--burst', '5'], /--burst: only together with --rate/],
    [['--sliding'], /--limit/],
    [['--unknown'], /--unknown/],
    [['positional'], /positional/],
  ];
  for (const [argv, message] of cases) {
    t.throws(() => parseSimulatorArgs(argv), new SimulatorUsageError(''), argv.join(' '));
    t.throws(() => parseSimulatorArgs(argv), { message }, argv.join(' '));
  }
});

t.test('the help text names every option there is, and no other', async (t) => {
  const named = [...simulatorUsage.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name);
  t.same(named.toSorted(), Object.keys(simulatorFlags).toSorted());
  t.equal(parseSimulatorArgs(['--help']).help, true);
});
