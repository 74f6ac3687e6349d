import type { Clock } from '../kernel/clock.ts';
import type { PacingView } from '../store/flows.ts';
import type { Store } from '../store/store.ts';
import { createDivider } from './division.ts';
import { createEncounters } from './encounters.ts';
import { createHearsay } from './hearsay.ts';
import type { Pacer } from './pacer.ts';
import { type Published, proberOf, type Report, roleOf } from './pacing-report.ts';
import { aloneRole, type Role, type Turn } from './role.ts';

/**
 * Keeps the pace of an account the same in all processes, and remembers it. One of them, the leader, learns for all:
 * the others tell it what they met, and send what it allots to them. Who leads follows from the reports alone: the
 * process whose name sorts first.
 */
export interface PacingGroup {
  /** Takes up what was remembered, then goes on by the clock. Never rejects. */
  start(): Promise<void>;
  /** The pacer was closed or opened here, or a place is wanted or left: the others must hear of it at once. */
  turned(turn: Turn): void;
  /** Another process has said something. */
  heardOf(): void;
  stop(): Promise<void>;
}

export interface PacingGroupOptions {
  readonly account: string;
  readonly store: Pick<Store, 'exchangePacing'>;
  readonly pacer: Pacer;
  readonly clock: Clock;
  /** How many messages this process could send now, had it all of the rate. */
  readonly wants: () => number;
  /** More may be sent than before. */
  readonly onAllowed: () => void;
}

const WITH_OTHERS_MS = 250;
const LIMITED_MS = 1_000;
const IDLE_MS = 5_000;
const REPORTS_LAST_MS = 15_000;

export function createPacingGroup({ account, store, pacer, clock, wants, onAllowed }: PacingGroupOptions): PacingGroup {
  const encounters = createEncounters();
  const hearsay = createHearsay();
  const divider = createDivider();
  let version = 0;
  let published: { readonly text: string; readonly state: Published } | null = null;
  let others = 0;
  let leads = true;
  let isBusy = false;
  let isWanted = false;
  let isUrgent = false;
  let isStopped = false;
  let role: Role = aloneRole;
  let cancelNext: (() => void) | null = null;

  const play = (next: Role) => {
    role = next;
    pacer.play(role);
  };

  const report = (): Report => ({
    ...encounters.sum(),
    isLeaving: isStopped,
    granted: pacer.granted,
    bound: pacer.bound,
    holds: pacer.holds,
    // Others must not wait for a probe, nor leave a part of the rate, to a process that cannot reach CommBox.
    wants: pacer.cause() === 'connection' ? 0 : wants(),
    isPaced: pacer.isPaced(clock.now()),
  });

  const follow = (state: Published, reports: ReadonlyMap<string, Report>, self: string) => {
    const { holds } = pacer;
    play(roleOf(state, reports, self, false));
    // The leader draws its conclusions when the account opens again; until then it must know of every grant. And another
    // waits for the place that was given up.
    if (state.period !== pacer.period || pacer.holds < holds) {
      isUrgent = true;
      isWanted = true;
    }
    pacer.adopt(state.memory, state.period, clock.now());
    onAllowed();
  };

  /** Resolves with what to publish now, if this process leads and there is news. */
  const lead = (reports: ReadonlyMap<string, Report>, self: string): string | null => {
    const now = clock.now();
    const memory = pacer.memory();
    const before = published?.state ?? null;
    const { inFlight } = pacer.state(now);
    const division = divider.divide({ reports, memory, concurrency: pacer.concurrency, before, self, inFlight, now });
    const state: Published = { memory, period: pacer.period, ...division, prober: proberOf(reports, self) };
    play(roleOf(state, reports, self, true));
    const text = JSON.stringify(state);
    return text === published?.text ? null : text;
  };

  const say = (publish: string | null, urgent: boolean): Promise<PacingView> =>
    store.exchangePacing({
      account,
      now: clock.now(),
      report: JSON.stringify(report()),
      reportsLastMs: REPORTS_LAST_MS,
      publish: publish === null ? null : { state: publish, version },
      isUrgent: urgent,
    });

  const keep = (text: string) => {
    published = { text, state: JSON.parse(text) as Published };
    return published.state;
  };

  const read = (view: PacingView) => {
    pacer.play(role);
    const all = [...view.reports].map(([name, text]) => [name, JSON.parse(text) as Report] as const);
    const reports = new Map(all.filter(([name, { isLeaving }]) => name === view.self || !isLeaving));
    others = reports.size - 1;
    leads = [...reports.keys()].every((name) => view.self <= name);
    const news = hearsay.news(reports, view.self);
    if (leads) for (const tidings of news) pacer.hear(tidings, clock.now());
    const isNew = view.version !== version;
    version = view.version;
    if (isNew && view.state !== null) {
      const state = keep(view.state);
      if (!leads) follow(state, reports, view.self);
    }
    return reports;
  };

  const exchange = async () => {
    const urgent = isUrgent;
    isUrgent = false;
    const view = await say(null, urgent && (!leads || isStopped));
    const reports = read(view);
    if (!leads) return;
    const news = lead(reports, view.self);
    onAllowed();
    if (news === null) return;
    const after = await say(news, false);
    if (after.state === news) {
      keep(news);
      version = after.version;
    } else read(after);
  };

  const meet = async () => {
    if (isBusy) {
      isWanted = true;
      return;
    }
    isBusy = true;
    cancelNext?.();
    try {
      do {
        isWanted = false;
        await exchange();
      } while (isWanted && !isStopped);
    } catch {
      // Without the store each process goes on with its last share: alone, so it must not wait for another's probe or
      // place, and what it alone is granted says nothing about what all are.
      if (others > 0) pacer.play(withoutStore(role));
      onAllowed();
    } finally {
      isBusy = false;
      if (!isStopped) cancelNext = clock.schedule(pauseMs(), () => void meet());
    }
  };
  const pauseMs = () => {
    const { rate, cause } = pacer.state(clock.now());
    // Where there is no place for everyone, it goes round.
    const isScarce = Object.values(published?.state.places ?? {}).includes(0);
    if (rate === null && cause === null && !isScarce) return IDLE_MS;
    return others > 0 ? WITH_OTHERS_MS : LIMITED_MS;
  };

  return {
    async start() {
      try {
        const view = await say(null, true);
        if (view.state !== null) {
          const { memory, period } = JSON.parse(view.state) as Published;
          pacer.adopt(memory, period, clock.now());
        }
      } catch {
        // It learns afresh.
      }
      await meet();
    },
    turned(turn) {
      encounters.note(turn, clock.now());
      isUrgent = true;
      void meet();
    },
    heardOf: () => void meet(),
    async stop() {
      isStopped = true;
      cancelNext?.();
      isUrgent = true;
      await exchange().catch(() => undefined);
    },
  };
}

/** Goes on with its last share and places, one at least: nobody can be asked for another. */
function withoutStore({ share, places }: Role): Role {
  const own = places === undefined ? {} : { places: Math.max(1, places) };
  return { leads: false, mayProbe: true, share, ...own };
}
