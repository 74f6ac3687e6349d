import { type Circuit, createCircuit, type PauseCause, type Period, type Phase } from './circuit.ts';

/** The periods of the two circuits in which an attempt began. */
export interface Periods {
  readonly quota: Period;
  readonly connection: Period;
}

/** The two circuits of an account, each with a pause of its own; attempts start while both are open. */
export interface Breakers {
  readonly quota: Circuit;
  readonly connection: Circuit;
  readonly isOpen: boolean;
  /** Null while open. Without a connection nothing else counts. */
  readonly cause: PauseCause | null;
  /** When both may be tried; 0 while open. */
  readonly pausedUntil: number;
  /** Since when attempts are held, null while open. */
  readonly closedAt: number | null;
  phase(now: number): Phase;
  /** Whether the one attempt that may start now would be a probe of its own right. */
  mayProbe(mayProbeQuota: boolean): boolean;
  enter(): Periods;
}

export function createBreakers({ random }: { readonly random: () => number }): Breakers {
  const quota = createCircuit({ cause: 'quota', random });
  const connection = createCircuit({ cause: 'connection', random });
  const closed = () => [connection, quota].filter(({ isClosed }) => isClosed);
  const pausedUntil = () => Math.max(0, ...closed().map((circuit) => circuit.pausedUntil));

  return {
    quota,
    connection,
    get isOpen() {
      return !quota.isClosed && !connection.isClosed;
    },
    get cause() {
      return connection.isClosed ? 'connection' : quota.isClosed ? 'quota' : null;
    },
    get pausedUntil() {
      return pausedUntil();
    },
    get closedAt() {
      const all = closed();
      return all.length === 0 ? null : Math.min(...all.map(({ closedAt }) => closedAt));
    },
    phase(now) {
      if (!quota.isClosed && !connection.isClosed) return 'open';
      return now < pausedUntil() ? 'paused' : 'probing';
    },
    mayProbe: (mayProbeQuota) => closed().every((circuit) => circuit.isIdle) && (mayProbeQuota || !quota.isClosed),
    enter: () => ({ quota: quota.enter(), connection: connection.enter() }),
  };
}
