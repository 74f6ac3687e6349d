import { QUOTA } from './scenarios.ts';
import type { PerSecond } from './trace.ts';

/** What one sender did. */
export interface Panel extends PerSecond {
  readonly title: string;
  /** Its figures, in words. */
  readonly note: string;
}

/** In the units of the drawing. */
export const SIZE = { width: 760, left: 44, plot: 700, panel: 132 } as const;

const TOP = 26;
const PLOT = 92;
/** Calls a second at the upper edge; what is above is cut, and said. */
const MOST = 60;

/** One sender's panel, `y` its upper edge. */
export function panelOf({ title, note, grants, refusals }: Panel, y: number, seconds: number): string {
  const base = y + TOP + PLOT;
  const level = (calls: number) => Math.round(base - (Math.min(calls, MOST) * PLOT) / MOST);
  // Whole units keep the file small.
  const step = Math.floor(SIZE.plot / seconds);
  /** The area under a line of steps, one for each second. */
  const area = (callsIn: (second: number) => number) => {
    let path = `M${SIZE.left} ${base}`;
    for (let second = 0; second < Math.min(seconds, grants.length); ) {
      const height = level(callsIn(second));
      const from = second;
      while (second < Math.min(seconds, grants.length) && level(callsIn(second)) === height) second++;
      path += `V${height}h${(second - from) * step}`;
    }
    return `${path}V${base}z`;
  };
  const granted = (second: number) => grants[second] ?? 0;
  const sent = (second: number) => granted(second) + (refusals[second] ?? 0);
  const peak = Math.max(...grants.map((_, second) => sent(second)));
  const cut = peak > MOST ? `<tspan class="faint light" dx="10">up to ${peak} a second, cut off</tspan>` : '';
  const scale = [0, QUOTA, 2 * QUOTA, MOST].map(
    (calls) => `<text class="faint" x="${SIZE.left - 6}" y="${level(calls) + 4}" text-anchor="end">${calls}</text>`,
  );
  return [
    `<text class="text title" x="${SIZE.left}" y="${y + 16}">${escapeXml(title)}${cut}</text>`,
    `<text class="faint" x="${SIZE.width - 16}" y="${y + 16}" text-anchor="end">${escapeXml(note)}</text>`,
    ...scale,
    `<path class="refusal" d="${area(sent)}"/>`,
    `<path class="grant" d="${area(granted)}"/>`,
    `<path class="line" d="M${SIZE.left} ${base}h${SIZE.plot}"/>`,
    `<path class="quota" d="M${SIZE.left} ${level(QUOTA)}h${SIZE.plot}"/>`,
  ].join('\n');
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
