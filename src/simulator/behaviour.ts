import { type ControlPatch, mergeSettings, type ScriptedAnswer, type Settings } from './control.ts';
import { createRandom } from './random.ts';
import { createThrottles, type Throttles } from './throttle.ts';

/** The behaviour in force: the settings, and what they have used up so far. */
export interface Behaviour {
  /** The settings in force, as last set: what is left of `next` only `describe` tells. */
  settings(): Settings;
  /** A copy of the settings in which `next` holds the answers still waiting. */
  describe(): Settings;
  throttles(): Throttles;
  /** Takes the fault that the next send meets: scripted answers in their order, then chance. */
  takeFault(): ScriptedAnswer | undefined;
  /** How long this answer takes by the latency setting, in milliseconds. */
  takeLatencyMs(): number;
  /** Applies a change at once. Quotas, scripted answers and chance start afresh only if the patch names them. */
  apply(patch: ControlPatch): void;
  /** Back to the behaviour at the start. */
  reset(): void;
}

export function createBehaviour(initial: Settings): Behaviour {
  let settings = initial;
  let throttles = createThrottles(initial.throttles);
  let random = createRandom(initial.seed);
  // A source of its own: jitter must not shift which send meets which fault.
  let jitter = createRandom(initial.seed);
  let next = [...initial.next];

  function chance(): ScriptedAnswer | undefined {
    const { errorRate, errorStatus, errorRecordedRate, resetBeforeRate, resetAfterRate } = settings;
    if (errorRate + resetBeforeRate + resetAfterRate === 0) return undefined;
    // One draw for all three keeps their shares exact: they exclude each other.
    const draw = random();
    if (draw < errorRate) return { status: errorStatus, record: random() < errorRecordedRate };
    if (draw < errorRate + resetBeforeRate) return { reset: 'before' };
    if (draw < errorRate + resetBeforeRate + resetAfterRate) return { reset: 'after' };
    return undefined;
  }

  function use(wanted: Settings, changed: ControlPatch): void {
    settings = wanted;
    if (changed.throttles !== undefined) throttles = createThrottles(wanted.throttles);
    if (changed.seed !== undefined) {
      random = createRandom(wanted.seed);
      jitter = createRandom(wanted.seed);
    }
    if (changed.next !== undefined) next = [...wanted.next];
  }

  return {
    settings: () => settings,
    describe: () => ({ ...settings, next: [...next] }),
    throttles: () => throttles,
    takeFault: () => next.shift() ?? chance(),
    takeLatencyMs() {
      const { ms, jitterMs } = settings.latency;
      return jitterMs === 0 ? ms : ms + jitter() * jitterMs;
    },
    apply: (patch) => use(mergeSettings(settings, patch), patch),
    reset: () => use(initial, initial),
  };
}
