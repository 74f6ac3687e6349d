import { openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GeneratorReply } from '../generator.ts';
import type { CoreSplit } from '../lib/cpu.ts';
import type { HttpRequest, Slice, SliceResult } from '../lib/load.ts';
import { ask, freePort, type Launched, launch, listening } from '../lib/process.ts';
import { temporaryDirectory } from '../stage.ts';
import type { CommboxOrder, CommboxReply } from './commbox.ts';
import type { DurableSlice } from './generator.ts';

/** A server to be measured. */
export interface Subject {
  /** Also names its log. */
  readonly title: string;
  readonly script: readonly string[];
  readonly env: (port: number) => Readonly<Record<string, string>>;
  readonly request: HttpRequest;
  /** Whether every request carries an `Idempotency-Key` of its own. */
  readonly isKeyed?: boolean;
}

export interface StartedSubject {
  readonly subject: Subject;
  readonly process: Launched;
  readonly port: number;
}

/** The stand-in for CommBox. */
export interface Commbox {
  readonly port: number;
  order(order: CommboxOrder): Promise<CommboxReply>;
}

/** The processes and files of a measurement. Disposing of it ends all processes and removes all files. */
export interface Rig extends AsyncDisposable {
  /** For databases and logs. */
  readonly directory: string;
  startCommbox(options: { readonly isThrottled: boolean }): Promise<Commbox>;
  start(subject: Subject): Promise<StartedSubject>;
  /** @throws if any request of the slice fails. */
  run(started: StartedSubject, times: Pick<Slice, 'leadInSeconds' | 'seconds'>): Promise<SliceResult>;
}

const CONNECTIONS = 50;
const scriptOf = (file: string) => [fileURLToPath(new URL(file, import.meta.url))];

export async function openRig(cores: CoreSplit): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory();
  stack.defer(() => rm(directory, { recursive: true }));
  const generator = stack.use(launch({ script: scriptOf('./generator.ts'), core: cores.rest, ipc: true }));
  const running = stack.move();
  const helperPids: number[] = [];
  let logs = 0;

  return {
    directory,
    async startCommbox({ isThrottled }) {
      const port = await freePort();
      const env = { PORT: String(port), THROTTLED: String(isThrottled) };
      const commbox = running.use(launch({ script: scriptOf('./commbox.ts'), core: cores.rest, ipc: true, env }));
      helperPids.push(commbox.pid);
      await listening(commbox, port);
      return { port, order: async (order) => (await ask(commbox, order)) as CommboxReply };
    },
    async start(subject) {
      const port = await freePort();
      // The log goes where it can be looked at after a failure; a pipe would need a reader on the other core.
      const stdout = openSync(join(directory, `${++logs}.log`), 'w', 0o600);
      const { script, env } = subject;
      const launched = running.use(launch({ script, core: cores.measured, stdout, env: env(port) }));
      await listening(launched, port);
      return { subject, process: launched, port };
    },
    async run({ subject, process, port }, times) {
      const { request, title, isKeyed = false } = subject;
      const slice: DurableSlice = {
        port,
        request,
        isKeyed,
        connections: CONNECTIONS,
        pid: process.pid,
        helperPids,
        ...times,
      };
      const reply = (await ask(generator, slice)) as GeneratorReply;
      if (!reply.ok) throw new Error(`${title}: ${reply.reason}`);
      return reply.result;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
