import type { GeneratorReply } from '../generator.ts';
import { runSlice, type Slice, serialize } from '../lib/load.ts';
import { keyedRequests } from './keyed-requests.ts';

/** A slice for the generator's process. */
export interface DurableSlice extends Slice {
  /** Whether every request carries an `Idempotency-Key` of its own. */
  readonly isKeyed: boolean;
}

// A process of its own, as the other measurements' generator.
process.on('message', ({ isKeyed, ...slice }: DurableSlice) => {
  const same = serialize(slice);
  runSlice(slice, isKeyed ? keyedRequests(slice) : () => same).then(
    (result) => process.send?.({ ok: true, result } satisfies GeneratorReply),
    (error: unknown) => process.send?.({ ok: false, reason: String(error) } satisfies GeneratorReply),
  );
});
