import { renderTable } from '../lib/table.ts';
import type { ChangeFigures } from './change.ts';
import type { CostFigures } from './cost.ts';
import type { CriticalFigures } from './critical.ts';
import type { EstimateFigures } from './estimate.ts';
import type { ReplicaFigures } from './replicas.ts';
import { fixed, percent, verdict } from './report-words.ts';
import type { WeightedFigures } from './weighted.ts';

const WEIGHT_AIM = 0.05;
const SLOTS_AIM = 3;
const FOLLOW_AIM_SECONDS = 15;
const REPLICA_AIM = 0.95;
const ESTIMATE_AIM = 0.2;
const COST_AIM_US = 2;

export function reportWeighted(figures: readonly WeightedFigures[]): string {
  const head = [
    'weights 1, 2, 4',
    ...(figures[0]?.shares ?? []).map(({ wanted }) => `${percent(wanted)} wanted`),
    'worst',
  ];
  const rows = figures.map((one) => [
    one.scenario.title,
    ...one.shares.map(({ got }) => percent(got)),
    percent(one.worst),
  ]);
  const isMet = figures.every(({ worst }) => worst <= WEIGHT_AIM);
  return [renderTable(head, rows), '', verdict(isMet, `every share within ${WEIGHT_AIM * 100} % at half drain`)].join(
    '\n',
  );
}

export function reportCritical(figures: readonly CriticalFigures[]): string {
  const head = [
    'critical into bulk',
    'messages',
    'slots p50',
    'slots p99',
    'most',
    'p99 from the request',
    'ms p50',
    'ms p99',
  ];
  const rows = figures.map((one) => [
    one.scenario.title,
    ...[one.messages, one.slotsP50, one.slotsP99, one.slotsMost, one.slotsFromRequestP99, one.msP50, one.msP99].map(
      String,
    ),
  ]);
  const isMet = figures.every(({ slotsP99 }) => slotsP99 <= SLOTS_AIM);
  return [renderTable(head, rows), '', verdict(isMet, `p99 ≤ ${SLOTS_AIM} slots`)].join('\n');
}

export function reportChange(figures: readonly ChangeFigures[]): string {
  const head = ['20/s becomes', 'followed after', 'each seed', 'right from then on'];
  const seconds = (value: number | null) => (value === null ? 'never' : `${fixed(value, 1)} s`);
  const rows = figures.map((one) => [
    `${one.rate}/s: ${one.scenario.title}`,
    seconds(one.median),
    one.followedSeconds.map(seconds).join(', '),
    percent(one.steady),
  ]);
  const slow = figures.filter(({ median }) => median === null || median > FOLLOW_AIM_SECONDS).length;
  const text = `5 s mean at 90 to 105 % within ${FOLLOW_AIM_SECONDS} s: ${figures.length - slow} of ${figures.length}`;
  return [renderTable(head, rows), '', verdict(slow === 0, text)].join('\n');
}

export function reportReplicas(figures: readonly ReplicaFigures[]): string {
  const head = ['two replicas, load 90:10', 'quota used', 'by one', '429s', 'of one', 'most allowed', 'lost', 'twice'];
  const mostOf = ({ refusalsOfOne }: ReplicaFigures) => 1.25 * refusalsOfOne + 5;
  const rows = figures.map((one) => [
    one.scenario.title,
    percent(one.quotaUsed),
    percent(one.quotaUsedByOne),
    ...[one.refusals, one.refusalsOfOne, mostOf(one)].map((count) => fixed(count, 0)),
    String(one.lost),
    String(one.duplicated),
  ]);
  const used = figures.every(({ quotaUsed }) => (quotaUsed ?? 0) >= REPLICA_AIM);
  return [
    renderTable(head, rows),
    '',
    verdict(used, `quota used ≥ ${REPLICA_AIM * 100} %`),
    verdict(
      figures.every((one) => one.refusals <= mostOf(one)),
      '429s ≤ 1.25 times those of one, and 5',
    ),
    verdict(
      figures.every(({ lost, duplicated }) => lost + duplicated === 0),
      'nothing lost, nothing twice',
    ),
  ].join('\n');
}

export function reportEstimates(figures: readonly EstimateFigures[]): string {
  const head = ['estimatedStart', 'waits over 5 s', 'median error', 'accepted after 15 s'];
  const rows = figures.map((one) => [
    `${one.scenario.title}; ${one.load}`,
    String(one.messages),
    percent(one.median),
    percent(one.medianSettled),
  ]);
  const isMet = figures.every(({ median }) => median <= ESTIMATE_AIM);
  return [renderTable(head, rows), '', verdict(isMet, `median error ≤ ${ESTIMATE_AIM * 100} %`)].join('\n');
}

export function reportCost({ paced, unpaced, difference, pacer }: CostFigures): string {
  const rows = [
    ['through dispatcher and pacer', paced],
    ['attempt and result alone', unpaced],
    ['difference', difference],
    ['of that the pacer', pacer],
  ] as const;
  const cells = rows.map(([name, { median, min, max }]) => [name, fixed(median, 2), fixed(min, 2), fixed(max, 2)]);
  const text = `pacing costs ${fixed(difference.median, 2)} µs a message, aim ≤ ${COST_AIM_US}`;
  const table = renderTable(['µs per message, not throttled', 'median', 'least', 'most'], cells);
  return [table, '', verdict(difference.median <= COST_AIM_US, text)].join('\n');
}
