import { createPacer } from '../../src/pacing/pacer.ts';
import { createPacingGroup } from '../../src/pacing/pacing-group.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { PacingExchange, PacingView } from '../../src/store/flows.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** Several processes that share the pace of an account through a store in memory, in which news travels in 1 ms. */
export function createGroupRig(options: { readonly knownRate?: number; readonly concurrency?: number } = {}) {
  const clock = createManualClock();
  const reports = new Map<string, { readonly text: string; readonly at: number }>();
  const listeners = new Map<string, () => void>();
  let stored: { readonly state: string | null; readonly version: number } = { state: null, version: 0 };
  let isDown = false;

  const exchange = async (self: string, request: PacingExchange): Promise<PacingView> => {
    if (isDown) throw new StorageUnavailable('down');
    const { report, reportsLastMs, publish, isUrgent, now } = request;
    reports.set(self, { text: report, at: now });
    const isPublished = publish !== null && publish.version === stored.version;
    if (isPublished) stored = { state: publish.state, version: stored.version + 1 };
    if (isPublished || isUrgent) {
      for (const [name, tell] of listeners) if (name !== self) clock.schedule(1, tell);
    }
    const latest = [...reports].filter(([, { at }]) => now - at <= reportsLastMs);
    return { self, reports: new Map(latest.map(([name, { text }]) => [name, text])), ...stored };
  };

  /** @param wants how many messages it could send */
  const join = async (name: string, wants = 10) => {
    const pacer = createPacer({
      random: () => 0.5,
      concurrency: options.concurrency ?? 32,
      knownRate: options.knownRate ?? null,
      onTurn: (turn) => group.turned(turn),
    });
    const process = { name, pacer, wants, isDead: false, allowed: 0 };
    const group = createPacingGroup({
      account: 'default',
      store: { exchangePacing: (request) => (process.isDead ? new Promise(() => {}) : exchange(name, request)) },
      pacer,
      clock,
      wants: () => process.wants,
      onAllowed: () => {
        process.allowed++;
      },
    });
    listeners.set(name, () => group.heardOf());
    await group.start();
    await clock.advance(10);
    return {
      ...process,
      group,
      want(messages: number) {
        process.wants = messages;
      },
      /** It says and hears nothing any more. */
      die() {
        process.isDead = true;
        listeners.delete(name);
      },
      /** It ends in good order. */
      async leave() {
        listeners.delete(name);
        await group.stop();
      },
      /** How often it was told that it may send more. */
      timesAllowed: () => process.allowed,
      share: () => pacer.state(clock.now()).share,
      state: () => pacer.state(clock.now()).state,
      room: () => pacer.room(clock.now()),
      refuse: (retryAfterMs: number | null = 2_000) =>
        pacer.throttled(pacer.enter(clock.now()), retryAfterMs, clock.now()),
      loseConnection: () => pacer.unreached(pacer.enter(clock.now()), clock.now()),
      succeed: () => pacer.succeeded(pacer.enter(clock.now()), clock.now()),
    };
  };

  return {
    clock,
    join,
    breakStore(isBroken: boolean) {
      isDown = isBroken;
    },
  };
}

export type Member = Awaited<ReturnType<ReturnType<typeof createGroupRig>['join']>>;
