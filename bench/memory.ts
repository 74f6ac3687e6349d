import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startSimulator } from '../src/simulator/server.ts';
import { GATEWAY_SCRIPT, gatewayEnv } from './contenders.ts';
import { makeEmail, sendEmail } from './email.ts';
import { peakRssOf } from './lib/cpu.ts';
import { freePort, launch, listening } from './lib/process.ts';
import { temporaryDirectory } from './stage.ts';

export interface MemoryFigures {
  /** Peak RSS of the gateway's process in bytes, for each of the two sizes. */
  readonly smallBytes: number;
  readonly largeBytes: number;
}

const MIB = 1024 ** 2;
const PARALLEL = 20;

/**
 * How much more memory 20 parallel e-mails of 20 MiB take than 20 of 1 MiB, several times, each time in a new process.
 * @throws if an e-mail is refused, or arrives with other bytes than were sent.
 */
export async function measureMemory(times: number, progress: (line: string) => void): Promise<MemoryFigures[]> {
  const figures: MemoryFigures[] = [];
  for (let time = 0; time < times; time++) {
    const smallBytes = await peakWith(1 * MIB);
    const largeBytes = await peakWith(20 * MIB);
    progress(`${time + 1}/${times}: ${Math.round((largeBytes - smallBytes) / MIB)} MiB more`);
    figures.push({ smallBytes, largeBytes });
  }
  return figures;
}

async function peakWith(attachmentBytes: number): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory();
  stack.defer(() => rm(directory, { recursive: true }));
  const simulator = await startSimulator();
  stack.defer(() => simulator.close());
  const port = await freePort();
  const places = { port, upstreamPort: simulator.port, directory: join(directory, 'data') };
  const gateway = stack.use(launch({ script: GATEWAY_SCRIPT, core: null, env: gatewayEnv(places) }));
  await listening(gateway, port);

  const emails = Array.from({ length: PARALLEL }, () => makeEmail(attachmentBytes));
  await Promise.all(emails.map((email) => sendEmail(port, email)));
  const peak = peakRssOf(gateway.pid);

  const arrived = simulator.received().flatMap((call) => call.files.map((file) => file.sha256));
  const expected = emails.map((email) => email.sha256);
  if (arrived.toSorted().join() !== expected.toSorted().join()) throw new Error('an attachment did not arrive as sent');
  return peak;
}
