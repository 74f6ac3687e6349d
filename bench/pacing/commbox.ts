import { setInterval } from 'node:timers';
import type { ControlPatch } from '../../src/simulator/control.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

/** What the process that simulates CommBox is told. It answers each order once. */
export type CommboxOrder =
  | { readonly kind: 'control'; readonly patch: ControlPatch }
  /** Answered with a {@link CommboxLog}. */
  | { readonly kind: 'log' }
  /** Answered once so many objects were created. */
  | { readonly kind: 'wait'; readonly messages: number };

/** A call as it arrived: when (epoch milliseconds), its text, and whether it was granted. */
export type CallLine = readonly [at: number, text: string, isGranted: boolean];

export interface CommboxLog {
  readonly calls: readonly CallLine[];
  /** Objects that repeat an earlier one, as the simulator counts them. */
  readonly duplicates: number;
  /** The longest time that the machine let this process, which has next to nothing to do, wait for its turn. */
  readonly stalledMs: number;
}

const EVERYTHING = 2_000_000;
// A connection that the server closes while a sender waits would look like an outage.
const KEEP_ALIVE_MS = 600_000;
const TICK_MS = 20;

const options = JSON.parse(process.env['SIMULATOR'] ?? '{}') as SimulatorOptions;
const simulator = await startSimulator({
  ...options,
  port: Number(process.env['PORT']),
  keepCalls: EVERYTHING,
  keepBytes: EVERYTHING * 1000,
  keepAliveTimeoutMs: KEEP_ALIVE_MS,
});

let stalledMs = 0;
let tickedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  // What came before the first call is the start of the other processes, and disturbs nothing.
  if (simulator.counts().calls > 0) stalledMs = Math.max(stalledMs, now - tickedAt - TICK_MS);
  tickedAt = now;
}, TICK_MS);

function readLog(): CommboxLog {
  const stalled = stalledMs;
  const calls = simulator.received().map(({ at, object, outcome }): CallLine => {
    const text = (object as { Message?: string } | null)?.Message ?? '';
    return [Date.parse(at), text, outcome === 'recorded'];
  });
  return { calls, duplicates: simulator.counts().duplicates, stalledMs: stalled };
}

process.on('message', (order: CommboxOrder) => {
  if (order.kind === 'log') return void process.send?.(readLog());
  if (order.kind === 'wait') return void simulator.waitFor(order.messages, 'recorded').then(() => process.send?.({}));
  simulator.control(order.patch);
  process.send?.({});
});
