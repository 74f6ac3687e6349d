import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GATEWAY_SCRIPT, gatewayEnv } from '../contenders.ts';
import type { CoreSplit } from '../lib/cpu.ts';
import { pairedRatio, type Spread } from '../lib/stats.ts';
import { COMMBOX_KEY, commboxRequest, smsRequest } from '../payloads.ts';
import { openRig, type Subject } from './rig.ts';
import { type DurableTimes, figuresOf, type LoadFigures, measureRounds, rateOf } from './slices.ts';

export interface PlainFigures {
  /** The bare hop first, then the gateway without and with a key, then the earlier version. */
  readonly load: readonly LoadFigures[];
  /** Requests per second without a key against the earlier version's, in the same rounds; null without one. */
  readonly toEarlier: Spread | null;
}

/**
 * Messages sent while the caller waits: the bare hop of the throughput part, the gateway without and with a key, and, if
 * its checkout is given, an earlier version without a key.
 * @param earlier directory of that checkout, dependencies included.
 * @throws if a request fails, or CommBox got fewer messages than were answered for.
 */
export async function measurePlain(
  cores: CoreSplit,
  earlier: string | null,
  times: DurableTimes,
): Promise<PlainFigures> {
  await using rig = await openRig(cores);
  const commbox = await rig.startCommbox({ isThrottled: false });
  const gateway = (title: string, name: string, script: readonly string[]): Subject => ({
    title,
    script,
    env: (port) => gatewayEnv({ port, upstreamPort: commbox.port, directory: join(rig.directory, name) }),
    request: smsRequest(),
  });
  const subjects: Subject[] = [
    {
      title: 'bare Fastify + undici',
      script: [fileURLToPath(new URL('../contenders/bare-fastify.ts', import.meta.url))],
      env: (port) => ({
        PORT: String(port),
        UPSTREAM_URL: `http://127.0.0.1:${commbox.port}`,
        UPSTREAM_KEY: COMMBOX_KEY,
      }),
      request: commboxRequest(),
    },
    gateway('gateway, plain', 'plain', GATEWAY_SCRIPT),
    { ...gateway('gateway, with a key', 'keyed', GATEWAY_SCRIPT), isKeyed: true },
  ];
  if (earlier !== null) {
    subjects.push(gateway('earlier version, plain', 'earlier', [join(earlier, 'src/cli.ts'), 'serve']));
  }
  const started = [];
  for (const subject of subjects) started.push(await rig.start(subject));
  const series = await measureRounds(rig, started, times);

  const answered = series.flat().reduce((sum, { requests }) => sum + requests, 0);
  const { taken } = await commbox.order({ kind: 'count' });
  if (taken < answered) throw new Error(`${answered} messages were answered for, but CommBox got ${taken}`);
  const [, plain = [], , before] = series.map((slices) => slices.map(rateOf));
  return {
    load: figuresOf(
      subjects.map(({ title }) => title),
      series,
    ),
    toEarlier: before === undefined ? null : pairedRatio(plain, before),
  };
}
