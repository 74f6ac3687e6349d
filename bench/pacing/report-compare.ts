import { renderTable } from '../lib/table.ts';
import { type Comparison, medianOf } from './compare.ts';
import { fixed, percent, verdict } from './report-words.ts';
import { senderTitles } from './senders.ts';
import type { RunFigures } from './trace.ts';

const QUOTA_AIM = 0.97;
const STATED_AIM = 2;
const SILENT_AIM = 5;
const EARLY_AIM = 20;
const JAIN_AIM = 0.99;

const head = [
  '',
  'sender',
  'quota used',
  '429s per 100',
  '429s before 10 s',
  'lost',
  'twice',
  'all delivered after',
  'Jain',
];

/** All comparisons as one table, and how the gateway stands against the aims. */
export function reportComparison(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((one) => {
    const mid = middleOf(one);
    return [
      one.scenario.title,
      senderTitles[one.sender],
      percent(mid.quotaUsed),
      fixed(mid.refusalsPer100, 1),
      fixed(mid.earlyRefusals, 0),
      String(mid.lost),
      String(mid.duplicated),
      mid.deliveredSeconds === null ? '–' : `${fixed(mid.deliveredSeconds, 0)} s`,
      fixed(mid.jain, 3),
    ];
  });
  const own = comparisons.filter(({ sender }) => sender === 'gateway');
  return [renderTable(head, rows), '', ...(own.length === 0 ? [] : aimsOf(own))].join('\n');
}

/** Medians over the seeds; what must not happen at all, of the worst one. */
function middleOf({ runs }: Comparison) {
  const all = (figure: (run: RunFigures) => number | null) => runs.map(({ figures }) => figure(figures));
  const delivered = all(({ deliveredSeconds }) => deliveredSeconds);
  return {
    quotaUsed: medianOf(all(({ quotaUsed }) => quotaUsed)),
    refusalsPer100: medianOf(all(({ refusalsPer100 }) => refusalsPer100)),
    earlyRefusals: medianOf(all(({ earlyRefusals }) => earlyRefusals)) ?? 0,
    lost: Math.max(...runs.map(({ figures }) => figures.lost)),
    duplicated: Math.max(...runs.map(({ figures }) => figures.duplicated)),
    deliveredSeconds: delivered.includes(null) ? null : medianOf(delivered),
    jain: medianOf(all(({ jain }) => jain)) ?? Number.NaN,
  };
}

function aimsOf(own: readonly Comparison[]): string[] {
  const all = own.map((one) => ({ one, mid: middleOf(one) }));
  const judge = (text: string, isMet: (each: (typeof all)[number]) => boolean) => {
    const missed = all.filter((each) => !isMet(each)).map(({ one }) => one.scenario.title);
    const where = missed.length === 0 ? '' : `; not under: ${missed.join('; ')}`;
    return verdict(missed.length === 0, `${text}: ${all.length - missed.length} of ${all.length}${where}`);
  };
  const mostPer100 = (isStated: boolean) => (isStated ? STATED_AIM : SILENT_AIM);
  return [
    judge(`quota used ≥ ${QUOTA_AIM * 100} %`, ({ mid }) => (mid.quotaUsed ?? 0) >= QUOTA_AIM),
    judge(
      `429s per 100 ≤ ${STATED_AIM} with Retry-After, ≤ ${SILENT_AIM} without`,
      ({ one, mid }) => (mid.refusalsPer100 ?? Number.POSITIVE_INFINITY) <= mostPer100(one.scenario.isStated),
    ),
    judge(`429s before 10 s ≤ ${EARLY_AIM}`, ({ mid }) => mid.earlyRefusals <= EARLY_AIM),
    judge('nothing lost, nothing twice', ({ mid }) => mid.lost + mid.duplicated === 0),
    judge(`Jain index ≥ ${JAIN_AIM}`, ({ mid }) => mid.jain >= JAIN_AIM),
  ];
}
