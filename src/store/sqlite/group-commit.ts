import { type Bundle, bundled } from './bundles.ts';
import type { Call, CallResult } from './call.ts';
import { closed, toError } from './failures.ts';
import type { OperationName, Operations } from './operations.ts';
import type { StoreThread } from './thread.ts';

/** Gathers what is asked for while the disk is busy, so that a burst costs one flush instead of hundreds. */
export interface GroupCommit {
  /** Resolves once the operation is on disk, in the order of the calls. Rejects with `StorageUnavailable`. */
  call<Name extends OperationName>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>>;
  /** Refuses further calls and resolves when those made before are done. */
  end(): Promise<void>;
}

interface Waiting {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

// Beyond this a group gains nothing more, and the first of it would wait for the last.
const LARGEST_GROUP = 500;

function settle({ resolve, reject }: Waiting, result: CallResult | undefined): void {
  if (result === undefined) reject(new Error('the store gave no result'));
  else if ('failure' in result) reject(toError(result.failure));
  else resolve(result.value);
}

export function createGroupCommit(thread: Pick<StoreThread, 'run'>, onErased: () => void): GroupCommit {
  const waiting: Waiting[] = [];
  const whenIdle: (() => void)[] = [];
  let isRunning = false;
  let hasEnded = false;

  /** Returns those that failed because they were done as one: each may do better alone. */
  const run = async (bundles: readonly Bundle<Waiting>[]): Promise<readonly Waiting[]> => {
    const { results, needsTruncation } = await thread.run(bundles.map(({ call }) => call));
    const failed: Waiting[] = [];
    bundles.forEach(({ items }, index) => {
      const result = results[index];
      if (result !== undefined && 'failure' in result && items.length > 1) failed.push(...items);
      else for (const item of items) settle(item, result);
    });
    if (needsTruncation) onErased();
    return failed;
  };

  const work = async () => {
    while (waiting.length > 0) {
      const group = waiting.splice(0, LARGEST_GROUP);
      try {
        const failed = await run(bundled(group));
        if (failed.length > 0) await run(failed.map((item) => ({ call: item.call, items: [item] })));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    isRunning = false;
    for (const resolve of whenIdle.splice(0)) resolve();
  };

  const start = () => {
    if (isRunning) return;
    isRunning = true;
    // All that the same turn of the event loop brings goes together.
    setImmediate(work);
  };

  return {
    call<Name extends OperationName>(name: Name, ...args: Parameters<Operations[Name]>) {
      return new Promise<ReturnType<Operations[Name]>>((resolve, reject) => {
        if (hasEnded) return reject(toError(closed));
        waiting.push({ call: { name, args }, resolve: resolve as (value: unknown) => void, reject });
        start();
      });
    },
    end() {
      hasEnded = true;
      return isRunning ? new Promise((resolve) => whenIdle.push(resolve)) : Promise.resolve();
    },
  };
}
