import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GATEWAY_SCRIPT, gatewayEnv } from '../contenders.ts';
import { type CoreSplit, peakRssOf } from '../lib/cpu.ts';
import type { SliceResult } from '../lib/load.ts';
import { pairedRatio, rotated, type Spread, spreadOf } from '../lib/stats.ts';
import { prefill } from './prefill.ts';
import { acceptRequest, sendOnce } from './requests.ts';
import { type Commbox, openRig, type Rig, type StartedSubject } from './rig.ts';
import { type DurableTimes, rateOf, warmUp } from './slices.ts';

/** What was seen of a gateway with so many messages in its store. */
export interface StoredFigures {
  /** Messages that wait, and as many that are sent and still listed. */
  readonly stored: number;
  readonly acceptsPerSecond: Spread;
  readonly p99Ms: Spread;
  readonly sendsPerSecond: Spread;
  /** Peak RSS since the start, in bytes, at the end. */
  readonly peakBytes: number;
  /** Against the first of the list, in the same rounds. */
  readonly acceptsToFirst: Spread;
  readonly sendsToFirst: Spread;
}

/** A gateway, and the CommBox that only it knows. */
interface Pair {
  readonly gateway: StartedSubject;
  readonly commbox: Commbox;
  readonly accepts: SliceResult[];
  readonly sendRates: number[];
}

// After a throttle the gateway lets more and more calls go at a time: that is not what is measured.
const SKIPPED_SHARE = 0.1;
const SENT_WITHIN_MS = 180_000;

/**
 * How the gateway does with a thousand and with a million messages waiting, all for the account that is measured while
 * CommBox throttles it, and as many that were sent. In turn it accepts for a while, with CommBox shut, and then sends as
 * many as it accepted, so that the number of those that wait stays the same.
 * @throws if a request fails, or what was accepted is not sent.
 */
export async function measureStored(
  cores: CoreSplit,
  sizes: readonly number[],
  times: DurableTimes,
): Promise<StoredFigures[]> {
  const { slices, seconds, warmUpSeconds, progress } = times;
  await using rig = await openRig(cores);
  const template = await storeTemplates(rig);
  const pairs: Pair[] = [];
  for (const stored of sizes) {
    progress(`storing ${stored} waiting and ${stored} sent messages`);
    const pair = await startPair(rig, template, stored);
    progress(`warming up: ${pair.gateway.subject.title}`);
    await sendMany(pair, await warmUp(rig, pair.gateway, warmUpSeconds));
    pairs.push(pair);
  }
  for (let round = 0; round < slices; round++) {
    for (const pair of rotated(pairs, round)) {
      const accepted = await rig.run(pair.gateway, { leadInSeconds: 0, seconds });
      const sendRate = await sendMany(pair, accepted.requests);
      pair.accepts.push(accepted);
      pair.sendRates.push(sendRate);
      const rates = `${Math.round(rateOf(accepted))} accepted/s, ${Math.round(sendRate)} sent/s`;
      progress(`round ${round + 1}/${slices}: ${pair.gateway.subject.title}: ${rates}`);
    }
  }
  return pairs.map(({ gateway, accepts, sendRates }, index) => ({
    stored: sizes[index] ?? 0,
    acceptsPerSecond: spreadOf(accepts.map(rateOf)),
    p99Ms: spreadOf(accepts.map(({ p99Ms }) => p99Ms)),
    sendsPerSecond: spreadOf(sendRates),
    peakBytes: peakRssOf(gateway.process.pid),
    acceptsToFirst: pairedRatio(accepts.map(rateOf), (pairs[0]?.accepts ?? []).map(rateOf)),
    sendsToFirst: pairedRatio(sendRates, pairs[0]?.sendRates ?? []),
  }));
}

interface Templates {
  readonly file: string;
  /** Id of a message that waits, and was never tried. */
  readonly waiting: string;
  /** Id of one that was sent. */
  readonly sent: string;
}

/** Has a gateway store one message of each kind, so that the copies are what this version really stores. */
async function storeTemplates(rig: Rig): Promise<Templates> {
  const commbox = await rig.startCommbox({ isThrottled: true });
  const directory = join(rig.directory, 'templates');
  const gateway = await rig.start(subjectAt('templates', directory, commbox));
  const { path, headers, body } = acceptRequest();
  const bulk = JSON.stringify({ ...(JSON.parse(body) as object), lane: 'bulk' });
  const patient = { path, headers: { ...headers, prefer: 'respond-async, wait=10' }, body: bulk };
  const released = commbox.order({ kind: 'release', skip: 0, measure: 1 });
  const sent = await sendOnce(gateway.port, patient, 201);
  await released;
  // The first of these is tried and throttled, and so keeps the second from being tried.
  await sendOnce(gateway.port, { path, headers: { ...headers, prefer: 'respond-async, wait=1' }, body: bulk }, 202);
  const waiting = await sendOnce(gateway.port, { path, headers, body: bulk }, 202);
  await gateway.process[Symbol.asyncDispose]();
  return { file: join(directory, 'gateway.db'), waiting, sent };
}

async function startPair(rig: Rig, templates: Templates, stored: number): Promise<Pair> {
  const directory = join(rig.directory, `stored-${stored}`);
  const file = join(directory, 'gateway.db');
  await mkdir(directory, { mode: 0o700 });
  await copyFile(templates.file, file);
  await copyFile(`${templates.file}-wal`, `${file}-wal`);
  prefill({ file, template: templates.sent, state: 'sent', count: stored, series: 0 });
  prefill({ file, template: templates.waiting, state: 'queued', count: stored, series: 1 });
  const commbox = await rig.startCommbox({ isThrottled: true });
  const title = `${stored.toLocaleString('en')} waiting, as many sent`;
  return { commbox, gateway: await rig.start(subjectAt(title, directory, commbox)), accepts: [], sendRates: [] };
}

function subjectAt(title: string, directory: string, commbox: Commbox) {
  return {
    title,
    script: GATEWAY_SCRIPT,
    env: (port: number) => ({
      ...gatewayEnv({ port, upstreamPort: commbox.port, directory }),
      QUEUE_LIMIT: '1000000000',
    }),
    request: acceptRequest(),
  };
}

/** Opens CommBox for so many messages. Resolves with how many it got per second. */
async function sendMany({ commbox, gateway }: Pair, count: number): Promise<number> {
  const skip = Math.floor(count * SKIPPED_SHARE);
  const late = delay(SENT_WITHIN_MS, null, { ref: false });
  const reply = await Promise.race([commbox.order({ kind: 'release', skip, measure: count - skip }), late]);
  if (reply === null) throw new Error(`${gateway.subject.title}: ${count} messages were not sent in time`);
  return (count - skip) / reply.seconds;
}
