import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ContenderName, contenders } from './contenders.ts';
import { type CoreSplit, ticksPerSecond } from './lib/cpu.ts';
import { type CpuProfile, selfAndTotal, shareByPlace } from './lib/cpu-profile.ts';
import { renderTable } from './lib/table.ts';
import { openStage, temporaryDirectory } from './stage.ts';

export interface ProfileOptions {
  readonly cores: CoreSplit;
  readonly contender: ContenderName;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

const ROWS = 40;
const PROFILE_WITHIN_MS = 30_000;

/**
 * Where a contender's CPU time goes under load, in microseconds of a request: the functions with the most time of their
 * own and with their callees, and the sum by package. The profiler's own cost is in the figures, so compare them only
 * with those of other profiles.
 */
export async function profileContender(options: ProfileOptions): Promise<string> {
  const directory = await temporaryDirectory();
  try {
    const file = join(directory, 'profile.json');
    const microseconds = await recordProfile(file, options);
    return describe(JSON.parse(await readFile(file, 'utf8')) as CpuProfile, microseconds);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Writes the profile and resolves with the CPU time of a request while it ran. */
async function recordProfile(file: string, options: ProfileOptions): Promise<number> {
  const { cores, seconds, warmUpSeconds } = options;
  await using stage = await openStage(cores);
  const contender = contenders.find(({ name }) => name === options.contender);
  if (contender === undefined) throw new RangeError(`no such contender: ${options.contender}`);
  const hook = fileURLToPath(new URL('./lib/profiled.ts', import.meta.url));
  const running = await stage.start(contender, { nodeOptions: ['--import', hook], env: { PROFILE_FILE: file } });
  await stage.run(running, { leadInSeconds: warmUpSeconds, seconds: 1 });
  running.process.child.kill('SIGUSR2');
  const { cpuTicks, requests } = await stage.run(running, { leadInSeconds: 0.5, seconds });
  running.process.child.kill('SIGUSR2');
  await written(file);
  return (cpuTicks / ticksPerSecond() / requests) * 1e6;
}

async function written(file: string): Promise<void> {
  const giveUpAt = performance.now() + PROFILE_WITHIN_MS;
  const isWhole = () =>
    readFile(file, 'utf8').then(
      (text) => text.endsWith('}'),
      () => false,
    );
  while (!(await isWhole())) {
    if (performance.now() > giveUpAt) throw new Error('the contender wrote no profile');
    await delay(200);
  }
}

function describe(profile: CpuProfile, microseconds: number): string {
  const functions = selfAndTotal(profile);
  const inRequest = (share: number) => (share * microseconds).toFixed(1);
  const rowsBy = (key: 'self' | 'total') =>
    functions
      .toSorted((one, other) => other[key] - one[key])
      .slice(0, ROWS)
      .map((one) => [one.name, inRequest(one.self), inRequest(one.total)]);
  const places = shareByPlace(functions).filter(([, share]) => share >= 0.001);
  const head = ['µs per request', 'self', 'with callees'];
  return [
    `${microseconds.toFixed(0)} µs of CPU time per request, the profiler's included.`,
    `By own time\n\n${renderTable(head, rowsBy('self'))}`,
    `With callees\n\n${renderTable(head, rowsBy('total'))}`,
    `By place\n\n${renderTable(
      ['µs per request', 'self'],
      places.map(([place, share]) => [place, inRequest(share)]),
    )}`,
  ].join('\n\n');
}
