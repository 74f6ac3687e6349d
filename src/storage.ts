import type { Config } from './config/config.ts';
import type { Clock } from './kernel/clock.ts';
import { createNoStore } from './store/none.ts';
import type { Store } from './store/store.ts';

/** The store that the configuration asks for, with what it needs around it. */
export interface Storage {
  readonly store: Store;
  /** Why messages cannot be accepted now; empty if they can. */
  problems(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openStorage(_config: Config, _clock: Clock): Promise<Storage> {
  const store = createNoStore();
  return { store, problems: async () => [], close: () => store.close() };
}
