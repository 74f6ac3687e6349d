import { type CallerEntry, keyOf } from './gateway-config.ts';
import type { LoadLine } from './load.ts';
import { openRig } from './rig.ts';
import type { Scenario } from './scenarios.ts';
import type { SenderName } from './senders.ts';
import { type Call, callsOf, figuresOf, type PerSecond, perSecondOf, type RunFigures } from './trace.ts';

/** Callers that always have something to send, until all is sent. */
export interface ClosedRun {
  readonly scenario: Scenario;
  readonly sender: SenderName;
  readonly seed: number;
  readonly callers: readonly CallerEntry[];
  /** Of all callers together. */
  readonly messages: number;
  /** How the load is divided among gateways; one number = one gateway. */
  readonly split?: readonly number[];
  /** For the gateways beside their own settings. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ClosedRunResult {
  readonly figures: RunFigures;
  readonly perSecond: PerSecond;
  readonly calls: readonly Call[];
  /** As in the simulator's log: a sign of what else went on on the machine. */
  readonly stalledMs: number;
}

export const IN_FLIGHT = 50;
const WITHIN_MS = 300_000;

/** Runs it against a simulated CommBox of its own. */
export async function runClosed(run: ClosedRun): Promise<ClosedRunResult> {
  const { scenario, sender, seed, callers, messages, split = [1], env = {} } = run;
  await using rig = await openRig();
  const commbox = await rig.startCommbox(scenario, seed);
  const ports: number[] = [];
  for (const _ of split) {
    ports.push(sender === 'gateway' ? await rig.startGateway(commbox, callers, env) : commbox.port);
  }
  if (sender !== 'gateway') await rig.warmUp(sender);
  const each = messages / callers.length;
  const lines = callers.flatMap(({ name }) =>
    split.map((share, index): LoadLine => {
      // The caller of a message is what stands before the first hyphen; which gateway it takes comes second.
      return {
        caller: split.length === 1 ? name : `${name}-${index}`,
        port: ports[index] ?? 0,
        key: keyOf(name),
        messages: Math.round(each * share),
        inFlight: Math.max(1, Math.round(IN_FLIGHT * share)),
      };
    }),
  );
  await rig.load({ kind: 'closed', sender, lines, seed, withinMs: WITHIN_MS });
  const log = await commbox.log();
  if (log.calls.length === 0) throw new Error(`${sender}: nothing arrived at CommBox`);
  const names = callers.map(({ name }) => name);
  const calls = callsOf(log);
  const figures = figuresOf(log, scenario, names, messages);
  return { figures, perSecond: perSecondOf(calls), calls, stalledMs: log.stalledMs };
}
