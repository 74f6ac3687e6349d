import { StorageUnavailable, type Store } from './store.ts';

/** Temporary. */
export function createNoStore(): Store {
  const fail = async () => {
    throw new StorageUnavailable('no store');
  };
  return {
    insert: fail,
    insertBatch: fail,
    record: () => {},
    findKey: async () => null,
    take: async () => [],
    begin: fail,
    settle: fail,
    cancel: async () => false,
    cancelMany: async () => 0,
    resolve: async () => false,
    get: async () => null,
    list: async () => [],
    waiting: async () => new Map(),
    nextReadyAt: async () => null,
    queuedCount: async () => 0,
    position: async () => 0,
    heartbeat: async () => true,
    recover: async () => [],
    expire: async () => 0,
    takeUnreconciled: async () => [],
    sweep: async () => ({ files: [], more: false }),
    neededFiles: async () => new Set(),
    localFiles: async () => [],
    onChange: () => () => {},
    secret: async () => Buffer.alloc(32),
    check: async () => {},
    close: async () => {},
  };
}
