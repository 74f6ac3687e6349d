import type { Store } from '../../src/store/store.ts';

/** A store of which only these methods may be called. */
export function createFakeStore(methods: Partial<Store>): Store {
  return new Proxy(methods as Store, {
    get(target, name, receiver) {
      if (!(name in target)) throw new Error(`the store was not to be asked for ${String(name)}`);
      return Reflect.get(target, name, receiver);
    },
  });
}
