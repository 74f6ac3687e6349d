import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Comparison } from './compare.ts';
import { percent } from './report-words.ts';
import { senderTitles } from './senders.ts';
import { drawTraces, type Panel } from './svg.ts';

/** Which throttles are drawn, and the names of the files. */
const pictures = [
  { file: 'pacing-retry-after.svg', isStated: true, penaltyMs: 0 },
  { file: 'pacing-penalty.svg', isStated: false, penaltyMs: 500 },
];
const LONGEST_SECONDS = 140;

/** Draws the runs of the first seed under the token bucket. Resolves with the files written: those whose runs are there. */
export async function writePictures(directory: string, comparisons: readonly Comparison[]): Promise<string[]> {
  const written: string[] = [];
  for (const { file, isStated, penaltyMs } of pictures) {
    const drawn = comparisons.filter(
      ({ scenario }) =>
        scenario.model === 'tokenBucket' && scenario.isStated === isStated && scenario.penaltyMs === penaltyMs,
    );
    const title = drawn[0]?.scenario.title;
    if (title === undefined) continue;
    const panels = drawn.flatMap(panelOf);
    const longest = Math.max(...panels.map(({ grants }) => grants.length));
    const path = join(directory, file);
    await writeFile(path, drawTraces(`1,800 messages, 20/s: ${title}`, panels, Math.min(longest, LONGEST_SECONDS)));
    written.push(path);
  }
  return written;
}

function panelOf({ sender, runs: [first] }: Comparison): Panel[] {
  if (first === undefined) return [];
  const { lost, quotaUsed, refusals } = first.figures;
  const note = `${refusals.toLocaleString('en')} refused, ${lost.toLocaleString('en')} lost, ${percent(quotaUsed)} of the quota from 10 s on`;
  return [{ title: senderTitles[sender].replaceAll('`', ''), note, ...first.perSecond }];
}
