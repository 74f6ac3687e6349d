import { runSlice, type Slice, serialize } from './lib/load.ts';

/** What the generator process sends back for a slice. */
export type GeneratorReply =
  | { readonly ok: true; readonly result: Awaited<ReturnType<typeof runSlice>> }
  | { readonly ok: false; readonly reason: string };

// The load generator is a process of its own, so that it stays warm over all slices and off the measured core.
process.on('message', (slice: Slice) => {
  const request = serialize(slice);
  runSlice(slice, () => request).then(
    (result) => process.send?.({ ok: true, result } satisfies GeneratorReply),
    (error: unknown) => process.send?.({ ok: false, reason: String(error) } satisfies GeneratorReply),
  );
});
