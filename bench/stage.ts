import { openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contenders.ts';
import type { GeneratorReply } from './generator.ts';
import type { CoreSplit } from './lib/cpu.ts';
import type { Slice, SliceResult } from './lib/load.ts';
import { ask, freePort, type Launched, launch, listening } from './lib/process.ts';
import { COMMBOX_KEY, STREAM_ID } from './payloads.ts';
import type { LastRequest } from './upstream.ts';

/** A contender that runs. */
export interface Running {
  readonly contender: Contender;
  readonly process: Launched;
  readonly port: number;
}

/** What a contender gets beyond its own settings. */
export interface StartExtra {
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The two ends of every hop, and the contenders between them. Disposing of it ends all processes and removes all files. */
export interface Stage extends AsyncDisposable {
  start(contender: Contender, extra?: StartExtra): Promise<Running>;
  /** @throws if any request of the slice fails. */
  run(running: Running, times: Pick<Slice, 'leadInSeconds' | 'seconds'>): Promise<SliceResult>;
}

const CONNECTIONS = 50;
const scriptOf = (file: string) => [fileURLToPath(new URL(file, import.meta.url))];

export async function openStage(cores: CoreSplit): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory();
  stack.defer(() => rm(directory, { recursive: true }));
  const upstreamPort = await freePort();
  const env = { PORT: String(upstreamPort) };
  const upstream = stack.use(launch({ script: scriptOf('./upstream.ts'), core: cores.rest, ipc: true, env }));
  await listening(upstream, upstreamPort);
  const generator = stack.use(launch({ script: scriptOf('./generator.ts'), core: cores.rest, ipc: true }));
  const running = stack.move();

  const run: Stage['run'] = async ({ contender, process, port }, times) => {
    const { request } = contender;
    const slice: Slice = {
      port,
      request,
      connections: CONNECTIONS,
      pid: process.pid,
      helperPids: [upstream.pid],
      ...times,
    };
    const reply = (await ask(generator, slice)) as GeneratorReply;
    if (!reply.ok) throw new Error(`${contender.title}: ${reply.reason}`);
    return reply.result;
  };

  return {
    run,
    async start(contender, extra = {}) {
      const port = await freePort();
      const places = { port, upstreamPort, directory: join(directory, contender.name) };
      // The log goes where it can be looked at after a failure; a pipe would need a reader on the other core.
      const stdout = openSync(join(directory, `${contender.name}.log`), 'w', 0o600);
      const { script, env: envOf } = contender;
      const { env: extraEnv, nodeOptions = [] } = extra;
      const env = { ...envOf(places), ...extraEnv };
      const launched = running.use(launch({ script, core: cores.measured, stdout, nodeOptions, env }));
      await listening(launched, port);
      const started = { contender, process: launched, port };
      await ask(upstream, true);
      await run(started, { leadInSeconds: 0, seconds: 0.2 });
      checkForwarded(contender, (await ask(upstream, false)) as LastRequest | null);
      return started;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** An own directory for a measurement's files; its name cannot be foreseen. */
export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'commbox-gateway-bench-'));
}

/** Fast because it forwards something else, or nothing, is not fast. */
function checkForwarded({ title }: Contender, last: LastRequest | null): void {
  if (last === null) throw new Error(`${title} forwarded nothing`);
  const { head, body } = last;
  const isRightCall =
    head.startsWith(`POST /streams/${STREAM_ID}/objects HTTP/1.1`) &&
    /\r\nauthorization: bearer (\S+)/i.exec(head)?.[1] === COMMBOX_KEY &&
    body.startsWith('{"data":{') &&
    /"Message":"[^"]{50}/.test(body) &&
    body.includes('"Phone1":"972544444444"');
  if (!isRightCall) throw new Error(`${title} did not forward the message as it should: ${head}\n${body}`);
}
