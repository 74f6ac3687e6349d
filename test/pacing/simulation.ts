import type { Clock } from '../../src/kernel/clock.ts';
import { createPacer, type Pacer } from '../../src/pacing/pacer.ts';
import { createPacingGroup } from '../../src/pacing/pacing-group.ts';
import { createThrottles, type Throttle } from '../../src/simulator/throttle.ts';
import { createAgenda } from './agenda.ts';
import { createMachine, type Stalls } from './machine.ts';
import { createSharedState } from './shared-state.ts';

/** A run in simulated time: gateways that always have something to send, against one throttle. */
export interface Scenario {
  readonly throttle: Throttle;
  /** Takes the place of the first throttle at this time. */
  readonly change?: { readonly atMs: number; readonly throttle: Throttle };
  readonly messages: number;
  /** So many come in a second, evenly. Default: all are there from the beginning. */
  readonly arrivals?: number;
  readonly seed: number;
  /** How long CommBox works at a call, and how long a call takes each way. */
  readonly serviceMs?: readonly [number, number];
  /** How long it takes to refuse one. Default: no time. */
  readonly refusalMs?: readonly [number, number];
  readonly wayMs?: readonly [number, number];
  /** At the beginning, while connections are made and code is compiled, calls may take so much longer each way. */
  readonly coldStart?: { readonly lastsMs: number; readonly uptoMs: number };
  /** How long a call takes to get there, where its answer does not take the same. */
  readonly sendMs?: readonly [number, number];
  /** Each gateway stands still now and then. Default: never. */
  readonly stalls?: Stalls;
  /** Shares of the load, one for each gateway. Default: one gateway. */
  readonly loads?: readonly number[];
  /** The gateway with this index dies. */
  readonly death?: { readonly index: number; readonly atMs: number };
  readonly knownRate?: number;
}

/** When calls were granted and refused, in milliseconds from the start. */
export interface Run {
  readonly grants: readonly number[];
  readonly refusals: readonly number[];
  readonly sentBy: readonly number[];
  readonly endMs: number;
}

/** Uniform in [0, 1), from a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// As real clocks count.
const START = Date.UTC(2026, 0, 1);
const LONGEST_MS = 900_000;

export async function simulate(scenario: Scenario): Promise<Run> {
  const random = createRandom(scenario.seed);
  const agenda = createAgenda();
  const between = ([from, to]: readonly [number, number]) => from + random() * (to - from);
  const { lastsMs, uptoMs } = scenario.coldStart ?? { lastsMs: 0, uptoMs: 0 };
  const coldMs = () => (agenda.now() < lastsMs ? random() * uptoMs : 0);
  const way = () => between(scenario.wayMs ?? [2, 8]) + coldMs();
  const sendWay = () => between(scenario.sendMs ?? scenario.wayMs ?? [2, 8]) + coldMs();
  const service = () => between(scenario.serviceMs ?? [10, 30]);
  const refusing = () => between(scenario.refusalMs ?? [0, 0]);
  let throttles = createThrottles([scenario.throttle]);
  const { change } = scenario;
  if (change !== undefined) {
    agenda.add(change.atMs, () => {
      throttles = createThrottles([change.throttle]);
    });
  }
  const grants: number[] = [];
  const refusals: number[] = [];
  const loads = scenario.loads ?? [1];
  const sentBy = loads.map(() => 0);
  const total = loads.reduce((sum, load) => sum + load, 0);
  const coming = loads.map((load) => Math.round((scenario.messages * load) / total));
  const left = scenario.arrivals === undefined ? [...coming] : coming.map(() => 0);
  const shared = createSharedState(agenda, () => between([1, 4]));

  const clock: Clock = {
    now: () => START + agenda.now(),
    monotonic: () => agenda.now(),
    schedule(ms, run) {
      const event = agenda.add(agenda.now() + ms, run);
      return () => {
        event.isCanceled = true;
      };
    },
  };

  const gateways = loads.map((_, index) => {
    let isDead = false;
    let inFlight = 0;
    let timer: (() => void) | null = null;
    const machine = scenario.stalls === undefined ? null : createMachine(scenario.stalls, random);
    const happensAt = (due: number) => machine?.happensAt(due) ?? due;
    const pacer: Pacer = createPacer({
      random,
      concurrency: 32,
      knownRate: scenario.knownRate ?? null,
      onTurn: (turn) => group?.turned(turn),
    });
    const pump = () => {
      timer?.();
      timer = null;
      while (!isDead && (left[index] as number) > 0) {
        const now = clock.now();
        if (pacer.room(now) < 1) {
          const opensAt = pacer.opensAt(now);
          // Timers come late by a little.
          const waitMs = Math.min(opensAt - now, 500) + random() * 1.5;
          if (Number.isFinite(opensAt) && opensAt > now) {
            timer = clock.schedule(happensAt(agenda.now() + waitMs) - agenda.now(), pump);
          }
          return;
        }
        left[index] = (left[index] as number) - 1;
        call();
      }
    };
    const call = () => {
      const pass = pacer.enter(clock.now());
      inFlight++;
      const back = (end: () => void) =>
        agenda.add(happensAt(agenda.now() + way()), () => {
          inFlight--;
          if (isDead) return;
          end();
          pump();
        });
      agenda.add(happensAt(agenda.now() + sendWay()), () => {
        const admission = throttles.admit('stream', clock.now());
        if (!admission.admitted) {
          refusals.push(agenda.now());
          const { retryAfter } = admission;
          const refused = () => {
            left[index] = (left[index] as number) + 1;
            pacer.throttled(pass, retryAfter === undefined ? null : Number(retryAfter) * 1_000, clock.now());
          };
          agenda.add(agenda.now() + refusing(), () => back(refused));
          return;
        }
        grants.push(agenda.now());
        sentBy[index] = (sentBy[index] as number) + 1;
        agenda.add(agenda.now() + service(), () => {
          admission.release?.();
          back(() => pacer.succeeded(pass, clock.now()));
        });
      });
    };
    const name = `gateway-${index}`;
    const group =
      loads.length === 1
        ? null
        : createPacingGroup({
            account: 'default',
            store: { exchangePacing: (exchange) => shared.exchange(name, exchange, () => group?.heardOf()) },
            pacer,
            clock,
            wants: () => Math.min(left[index] as number, 200 * ((loads[index] as number) / total)),
            onAllowed: pump,
          });
    return {
      arrived: pump,
      start: async () => {
        await group?.start();
        pump();
      },
      die() {
        isDead = true;
        shared.cutOff(name);
      },
      isFinished: () => isDead || (sentBy[index] === coming[index] && inFlight === 0),
      stop: () => group?.stop(),
    };
  });

  const { arrivals } = scenario;
  if (arrivals !== undefined) {
    for (const [index, messages] of coming.entries()) {
      const share = (loads[index] as number) / total;
      for (let n = 0; n < messages; n++) {
        agenda.add((n * 1_000) / (arrivals * share), () => {
          left[index] = (left[index] as number) + 1;
          gateways[index]?.arrived();
        });
      }
    }
  }
  const { death } = scenario;
  if (death !== undefined) agenda.add(death.atMs, () => gateways[death.index]?.die());
  for (const gateway of gateways) void gateway.start();
  await settle();
  while (agenda.now() < LONGEST_MS && !gateways.every((gateway) => gateway.isFinished())) {
    if (!agenda.next()) break;
    if (shared.hasAnswered()) await settle();
  }
  for (const gateway of gateways) void gateway.stop();
  return { grants, refusals, sentBy, endMs: agenda.now() };
}

/** Lets promises that are due go on: each exchange is a chain of a few. */
async function settle() {
  for (let i = 0; i < 12; i++) await null;
}
