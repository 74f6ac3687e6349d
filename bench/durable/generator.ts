import type { GeneratorReply } from '../generator.ts';
import { runSlice, type Slice } from '../lib/load.ts';
import { runKeyedSlice } from './keyed-load.ts';

/** A slice for the generator's process. */
export interface DurableSlice extends Slice {
  /** Whether every request carries an `Idempotency-Key` of its own. */
  readonly isKeyed: boolean;
}

// A process of its own, as the other measurements' generator.
process.on('message', ({ isKeyed, ...slice }: DurableSlice) => {
  (isKeyed ? runKeyedSlice : runSlice)(slice).then(
    (result) => process.send?.({ ok: true, result } satisfies GeneratorReply),
    (error: unknown) => process.send?.({ ok: false, reason: String(error) } satisfies GeneratorReply),
  );
});
