import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { GATEWAY_SCRIPT, gatewayEnv } from '../contenders.ts';
import type { CoreSplit } from '../lib/cpu.ts';
import { type Spread, spreadOf } from '../lib/stats.ts';
import { acceptRequest } from './requests.ts';
import { openRig } from './rig.ts';
import { type DurableTimes, figuresOf, type LoadFigures, measureRounds } from './slices.ts';
import { isInMemory, syncsPerSecond } from './syncs.ts';

export interface AcceptingFigures {
  /** The bare server first. */
  readonly load: readonly LoadFigures[];
  /** Of one page each, in the directory of the databases, by nobody else's leave: before and after the rounds. */
  readonly syncsPerSecond: Spread;
  /** Whether the databases lay in memory, so that the figures mean nothing. */
  readonly isInMemory: boolean;
}

const HOUR_MS = 3_600_000;
const SYNC_SECONDS = 1;

/**
 * Messages accepted per second by `Prefer: respond-async`, beside the least that a server in Fastify can do to store them.
 * They are due an hour later, so that accepting is all that happens.
 * @throws if a request fails, or fewer messages are in a database than were accepted.
 */
export async function measureAccepting(cores: CoreSplit, times: DurableTimes): Promise<AcceptingFigures> {
  await using rig = await openRig(cores);
  const commbox = await rig.startCommbox({ isThrottled: false });
  const request = acceptRequest({ sendAt: new Date(Date.now() + HOUR_MS).toISOString() });
  const bareDirectory = join(rig.directory, 'bare');
  const gatewayDirectory = join(rig.directory, 'gateway');
  const subjects = [
    {
      title: 'bare Fastify + SQLite',
      script: [fileURLToPath(new URL('./bare-durable.ts', import.meta.url))],
      env: (port: number) => ({ PORT: String(port), DATA_DIR: bareDirectory }),
      request,
    },
    {
      title: 'gateway, `respond-async`',
      script: GATEWAY_SCRIPT,
      env: (port: number) => ({
        ...gatewayEnv({ port, upstreamPort: commbox.port, directory: gatewayDirectory }),
        QUEUE_LIMIT: '1000000000',
      }),
      request,
    },
  ];
  const started = [];
  for (const subject of subjects) started.push(await rig.start(subject));

  const syncs = [syncsPerSecond(rig.directory, SYNC_SECONDS)];
  const series = await measureRounds(rig, started, times);
  syncs.push(syncsPerSecond(rig.directory, SYNC_SECONDS));

  [join(bareDirectory, 'bare.db'), join(gatewayDirectory, 'gateway.db')].forEach((file, index) => {
    const accepted = (series[index] ?? []).reduce((sum, { requests }) => sum + requests, 0);
    if (rowsIn(file) < accepted) throw new Error(`${subjects[index]?.title} stored fewer messages than it accepted`);
  });
  return {
    load: figuresOf(
      subjects.map(({ title }) => title),
      series,
    ),
    syncsPerSecond: spreadOf(syncs),
    isInMemory: isInMemory(rig.directory),
  };
}

function rowsIn(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM messages').get()?.['n']);
  } finally {
    database.close();
  }
}
