import { createDuplicateFinder, type Duplicate } from './duplicates.ts';
import type { MessageBody } from './message.ts';

/** One send as it is kept. */
export interface CallRecord {
  readonly atMs: number;
  readonly streamId: string;
  readonly rawPath: string;
  /** Names and values in turn, a line each: one string is far cheaper to keep than the list of them. */
  readonly headerLines: string;
  readonly body: MessageBody;
  /** The HTTP status of the answer; null if there was none. */
  readonly status: number | null;
  /** The status a reader of envelopes goes by; null if there was no answer. */
  readonly countedStatus: number | null;
  /** The id of the created object; null if nothing was created. */
  readonly objectId: bigint | null;
}

export type KeptCall = CallRecord & { readonly n: number };

/** Running totals since the start or the last `clear`, far beyond what is kept. */
export interface Counts {
  /** Sends that have been judged: answered, cut off or left hanging. */
  readonly calls: number;
  /** Objects created, whatever the answer was. */
  readonly recorded: number;
  /** Calls answered 429. */
  readonly throttled: number;
  /** Calls with no answer, or one that is neither a success nor a 429. */
  readonly failed: number;
  /** Objects that repeat an earlier one: same stream, same text, same files. */
  readonly duplicates: number;
}

export interface ReceivedStore {
  /** Keeps a call, forgets the oldest beyond the limits, and wakes those who wait for it. */
  add(call: CallRecord): void;
  kept(): readonly KeptCall[];
  counts(): Counts;
  /** The latest duplicates; the count goes on beyond those listed. */
  duplicates(): readonly Duplicate[];
  /** Resolves as soon as the total reaches `count`; rejects when the simulator closes before. */
  waitFor(count: number, total: keyof Counts): Promise<void>;
  /** Forgets everything, totals included. Those who wait go on waiting. */
  clear(): void;
  /** Rejects those who wait. */
  close(): void;
}

export interface ReceivedLimits {
  readonly keepCalls: number;
  readonly keepBytes: number;
  /** How many created objects are remembered to recognise a repetition. */
  readonly rememberObjects: number;
}

// Headers, ids and file entries beside the text.
const CALL_OVERHEAD_BYTES = 1000;

const sizeOf = ({ body }: CallRecord): number =>
  CALL_OVERHEAD_BYTES + (body.rawBody?.length ?? 0) + (body.rawData?.length ?? 0);

const noCounts: Counts = { calls: 0, recorded: 0, throttled: 0, failed: 0, duplicates: 0 };

export function createReceivedStore(limits: ReceivedLimits): ReceivedStore {
  let calls: KeptCall[] = [];
  // The oldest are dropped from the front by moving this mark, because shifting a long array costs its length.
  let firstKept = 0;
  let keptBytes = 0;
  let counts = { ...noCounts };
  const duplicates = createDuplicateFinder(limits.rememberObjects);
  let waiters: { count: number; total: keyof Counts; resolve: () => void; reject: (error: Error) => void }[] = [];

  function forgetOldest(): void {
    while (calls.length - firstKept > limits.keepCalls || (keptBytes > limits.keepBytes && calls.length > firstKept)) {
      const oldest = calls[firstKept];
      if (oldest !== undefined) keptBytes -= sizeOf(oldest);
      firstKept += 1;
    }
    if (firstKept > 1000 && firstKept * 2 > calls.length) {
      calls = calls.slice(firstKept);
      firstKept = 0;
    }
  }

  function wake(): void {
    const ready = waiters.filter(({ count, total }) => counts[total] >= count);
    if (ready.length === 0) return;
    waiters = waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }

  return {
    add(call) {
      const n = counts.calls + 1;
      counts.calls = n;
      calls.push({ ...call, n });
      keptBytes += sizeOf(call);
      const { countedStatus: status, objectId } = call;
      if (status === 429) counts.throttled += 1;
      else if (status === null || status < 200 || status > 299) counts.failed += 1;
      if (objectId !== null) {
        counts.recorded += 1;
        if (duplicates.note(call.streamId, call.body, n)) counts.duplicates += 1;
      }
      forgetOldest();
      if (waiters.length > 0) wake();
    },
    kept: () => calls.slice(firstKept),
    counts: () => ({ ...counts }),
    duplicates: duplicates.found,
    waitFor(count, total) {
      return new Promise((resolve, reject) => {
        waiters.push({ count, total, resolve, reject });
        wake();
      });
    },
    clear() {
      calls = [];
      firstKept = 0;
      keptBytes = 0;
      counts = { ...noCounts };
      duplicates.clear();
    },
    close() {
      for (const { reject } of waiters.splice(0)) reject(new Error('The simulator was closed'));
    },
  };
}
