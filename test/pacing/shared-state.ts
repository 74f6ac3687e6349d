import type { PacingExchange, PacingView } from '../../src/store/flows.ts';
import type { createAgenda } from './agenda.ts';

/** What a database would keep for the gateways, with the time that asking it takes. */
export function createSharedState(agenda: ReturnType<typeof createAgenda>, delay: () => number) {
  const reports = new Map<string, { readonly text: string; readonly at: number }>();
  const dead = new Set<string>();
  const listeners = new Map<string, () => void>();
  let state: string | null = null;
  let version = 0;
  let isAnswered = false;
  return {
    /** Whether somebody who waited for an answer got it since this was asked last. */
    hasAnswered() {
      const was = isAnswered;
      isAnswered = false;
      return was;
    },
    /** The process says and hears nothing any more; the others find out when its last report is too old. */
    cutOff(name: string) {
      dead.add(name);
      listeners.delete(name);
    },
    exchange(name: string, exchange: PacingExchange, listener: () => void): Promise<PacingView> {
      const { report, publish, isUrgent, reportsLastMs } = exchange;
      if (!dead.has(name)) listeners.set(name, listener);
      return new Promise((resolve) => {
        agenda.add(agenda.now() + delay(), () => {
          if (dead.has(name)) return;
          const now = agenda.now();
          reports.set(name, { text: report, at: now });
          const latest = [...reports].filter(([, { at }]) => now - at <= reportsLastMs);
          const isPublished = publish !== null && publish.version === version;
          if (isPublished) {
            ({ state } = publish);
            version++;
          }
          if (isPublished || isUrgent) {
            for (const [other, tell] of listeners) if (other !== name) agenda.add(agenda.now() + delay(), tell);
          }
          isAnswered = true;
          resolve({ self: name, reports: new Map(latest.map(([of, { text }]) => [of, text])), state, version });
        });
      });
    },
  };
}
