import type { DurableFigures } from '../durable.ts';
import type { Spread } from '../lib/stats.ts';
import { renderTable } from '../lib/table.ts';
import type { AcceptingFigures } from './accepting.ts';
import type { PlainFigures } from './plain.ts';
import type { LoadFigures } from './slices.ts';
import type { StoredFigures } from './stored.ts';

const MIB = 1024 ** 2;
const ACCEPTING_AIM = 0.7;
const STORED_AIM = 0.9;
const PLAIN_AIM = 0.9;

/** All figures as Markdown, and how they stand against the aims. */
export function reportDurable({ accepting, stored, plain }: DurableFigures): string {
  return [reportAccepting(accepting), reportStored(stored), reportPlain(plain)].join('\n\n');
}

function reportAccepting({ load, syncsPerSecond, isInMemory }: AcceptingFigures): string {
  const gateway = load[1];
  const { median, min, max } = syncsPerSecond;
  return [
    'Accepting, 50 connections:\n',
    renderLoad(load),
    '',
    `One page written and synced, over and over, alone: ${whole(median)} times a second [${whole(min)}–${whole(max)}].`,
    ...(isInMemory ? ['! the databases lay in memory: set TMPDIR to a directory on a disk'] : []),
    ...(gateway === undefined ? [] : [verdict(gateway.toFirst, 'accepts/s ÷ bare', ACCEPTING_AIM)]),
  ].join('\n');
}

function reportStored(figures: readonly StoredFigures[]): string {
  const head = ['waiting, and as many sent', 'accepts/s', 'p99 ms', 'sends/s', '÷ accepts', '÷ sends', 'peak RSS MiB'];
  const rows = figures.map((one) => [
    one.stored.toLocaleString('en'),
    whole(one.acceptsPerSecond.median),
    one.p99Ms.median.toFixed(1),
    whole(one.sendsPerSecond.median),
    withRange(one.acceptsToFirst),
    withRange(one.sendsToFirst),
    (one.peakBytes / MIB).toFixed(0),
  ]);
  const [small, large] = figures;
  if (small === undefined || large === undefined) return renderTable(head, rows);
  return [
    'Stored messages, all of the measured account:\n',
    renderTable(head, rows),
    '',
    verdict(large.acceptsToFirst, 'accepts/s with many ÷ with few', STORED_AIM),
    verdict(large.sendsToFirst, 'sends/s with many ÷ with few', STORED_AIM),
    `  seen    ${((large.peakBytes - small.peakBytes) / MIB).toFixed(0)} MiB more with many than with few, aim: flat`,
  ].join('\n');
}

function reportPlain({ load, toEarlier }: PlainFigures): string {
  const line =
    toEarlier === null
      ? '  seen    no earlier version was measured beside it (--earlier DIR)'
      : verdict(toEarlier, 'plain ÷ earlier version', PLAIN_AIM);
  return ['Sending while the caller waits, 50 connections:\n', renderLoad(load), '', line].join('\n');
}

function renderLoad(figures: readonly LoadFigures[]): string {
  const head = ['', 'requests/s', 'CPU µs/request', 'throughput ÷ bare', 'CPU ÷ bare', 'p99 ms', 'core', 'strangers'];
  const rows = figures.map((one) => [
    one.title,
    whole(one.requestsPerSecond.median),
    whole(one.cpuMicroseconds.median),
    withRange(one.toFirst),
    withRange(one.cpuToFirst),
    one.p99Ms.median.toFixed(1),
    `${whole(one.coreUse.median * 100)} %`,
    `${whole(one.strangers.median * 100)} %`,
  ]);
  return renderTable(head, rows);
}

function verdict({ median }: Spread, what: string, aim: number): string {
  return `  ${median >= aim ? 'met   ' : 'MISSED'}  ${what}: ${median.toFixed(2)}, aim ≥ ${aim}`;
}

function withRange({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} [${min.toFixed(2)}–${max.toFixed(2)}]`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en');
}
