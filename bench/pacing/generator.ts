import { type ClosedLoad, type ClosedResult, runClosed } from './load.ts';
import { type Accepted, type ArrivalLoad, type BatchLoad, runArrivals, runBatch } from './load-stored.ts';

export type Load = ClosedLoad | BatchLoad | ArrivalLoad;

/** What the generator's process sends back. */
export type LoadReply =
  | { readonly ok: true; readonly result: ClosedResult | readonly Accepted[] | null }
  | { readonly ok: false; readonly reason: string };

async function run(load: Load): Promise<ClosedResult | readonly Accepted[] | null> {
  if (load.kind === 'closed') return runClosed(load);
  if (load.kind === 'arrivals') return runArrivals(load);
  await runBatch(load);
  return null;
}

// A process of its own for each run, so that no sender waits for another one's turn of the event loop.
process.on('message', (load: Load) => {
  run(load).then(
    (result) => process.send?.({ ok: true, result } satisfies LoadReply),
    (error: unknown) => process.send?.({ ok: false, reason: String(error) } satisfies LoadReply),
  );
});
