import { parentPort, workerData } from 'node:worker_threads';
import type { Call, CallResult } from './call.ts';
import { openDatabase } from './database.ts';
import { createEngine, type Engine } from './engine.ts';
import { describeFailure, type Failure } from './failures.ts';

/** What the thread is started with. */
export interface WorkerOptions {
  readonly file: string;
  readonly owner: string;
  readonly spoolDirectory: string;
  readonly openedAt: number;
}

export type WorkerRequest =
  | { readonly kind: 'run'; readonly calls: readonly Call[] }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'close' };

/** One for every request, in order, and one for the start. */
export type WorkerReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'ran'; readonly results: readonly CallResult[]; readonly needsTruncation: boolean }
  | { readonly kind: 'truncated'; readonly isDone: boolean }
  | { readonly kind: 'closed' };

const port = parentPort;
const options = workerData as WorkerOptions;
const reply = (message: WorkerReply) => port?.postMessage(message);

try {
  const engine = createEngine({ ...options, database: openDatabase(options.file), place: options.file });
  port?.on('message', (request: WorkerRequest) => {
    try {
      handle(engine, request);
    } catch (error) {
      reply({ kind: 'failed', failure: describeFailure(error, options.file) });
    }
  });
  reply({ kind: 'opened' });
} catch (error) {
  reply({ kind: 'failed', failure: describeFailure(error, options.file) });
}

function handle(engine: Engine, request: WorkerRequest): void {
  switch (request.kind) {
    case 'run':
      reply({ kind: 'ran', results: engine.run(request.calls), needsTruncation: engine.needsTruncation });
      break;
    case 'truncate':
      reply({ kind: 'truncated', isDone: engine.truncateLog() });
      break;
    case 'close':
      engine.run([{ name: 'giveLeaseBack', args: [] }]);
      engine.close();
      reply({ kind: 'closed' });
      port?.close();
      break;
  }
}
