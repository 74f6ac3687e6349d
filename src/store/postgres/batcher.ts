/** Gathers what arrives together, so that a burst costs one round trip and one flush of the log instead of hundreds. */
export interface Batcher<Item, Result> {
  /** Resolves with this item's own result; rejects if its batch failed. */
  add(item: Item): Promise<Result>;
  /** Resolves when nothing waits or runs any more. */
  idle(): Promise<void>;
}

export interface BatcherOptions<Item, Result> {
  /** Handles a batch in one transaction; results in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly maxItems: number;
  /** Most batches at a time. What arrives meanwhile waits and forms the next one, so batches grow with the load. */
  readonly parallel: number;
  /** Whether each item of a failed batch of several should be run again alone. Only for failures that had no effect. */
  readonly isolates: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const waiting: Waiting<Item, Result>[] = [];
  const whenIdle: (() => void)[] = [];
  let running = 0;
  let isScheduled = false;

  const isIdle = () => running === 0 && waiting.length === 0;

  function schedule(): void {
    if (isScheduled || waiting.length === 0 || running >= options.parallel) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      while (waiting.length > 0 && running < options.parallel) start(waiting.splice(0, options.maxItems));
    });
  }

  function start(batch: readonly Waiting<Item, Result>[]): void {
    running++;
    handle(batch).finally(() => {
      running--;
      schedule();
      if (isIdle()) for (const resolve of whenIdle.splice(0)) resolve();
    });
  }

  async function handle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await options.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => {
        resolve(results[index] as Result);
      });
    } catch (error) {
      if (batch.length > 1 && options.isolates(error)) for (const one of batch) await handle([one]);
      else for (const { reject } of batch) reject(error);
    }
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        schedule();
      });
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
