import type { SandboxPair } from '../sandbox-pair.ts';
import { bold } from './show-send.ts';

const MESSAGES = 40;
const RATE = 10;
const BURST = 10;
const SLICE_MS = 500;

/** Throws more messages at a throttled CommBox than it takes, and draws how the 429s were absorbed. */
export async function runBurst(pair: SandboxPair): Promise<boolean> {
  const { simulator } = pair;
  simulator.clear();
  simulator.control({
    throttles: [{ model: 'tokenBucket', rate: RATE, burst: BURST, retryAfter: 'none' }],
    latency: { ms: 40, jitterMs: 20 },
  });
  console.log(bold(`A burst: ${MESSAGES} SMS at once, while CommBox takes ${RATE} a second and ${BURST} at once`));
  const startedAt = Date.now();
  const statuses = await Promise.all(Array.from({ length: MESSAGES }, (_, i) => sendOne(pair, i)));
  const tookMs = Date.now() - startedAt;
  simulator.reset();

  drawTimeline(pair, startedAt, tookMs);
  const { calls, recorded, throttled, duplicates } = simulator.counts();
  const sent = statuses.filter((status) => status === 201).length;
  console.log(
    `  ${sent} of ${MESSAGES} callers got 201 in ${(tookMs / 1000).toFixed(1)} s; ` +
      `CommBox saw ${calls} calls: ${recorded} taken, ${throttled} answered 429, ${duplicates} sent twice.`,
  );
  const isGood = sent === MESSAGES && recorded === MESSAGES && duplicates === 0;
  if (isGood) {
    console.log('  No caller saw a 429: the first one paused the account for all, and a probe opened it again.');
  }
  return isGood;
}

async function sendOne(pair: SandboxPair, i: number): Promise<number> {
  const answer = await fetch(`${pair.url}/v1/sms`, {
    method: 'POST',
    headers: { authorization: `Bearer ${pair.key}`, 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify({ to: '+972544444444', text: `message ${i + 1}` }),
  });
  await answer.body?.cancel();
  return answer.status;
}

function drawTimeline({ simulator }: SandboxPair, startedAt: number, tookMs: number): void {
  const slices = Array.from({ length: Math.ceil((tookMs + 1) / SLICE_MS) }, () => ({ taken: 0, refused: 0 }));
  for (const call of simulator.received()) {
    const slice = slices[Math.floor((Date.parse(call.at) - startedAt) / SLICE_MS)];
    if (slice === undefined) continue;
    if (call.outcome === 'recorded') slice.taken++;
    else slice.refused++;
  }
  console.log('  time     # = taken by CommBox, x = 429');
  for (const [i, { taken, refused }] of slices.entries()) {
    console.log(`  ${((i * SLICE_MS) / 1000).toFixed(1).padStart(5)} s  ${'#'.repeat(taken)}${'x'.repeat(refused)}`);
  }
}
