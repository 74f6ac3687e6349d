import { escapeXml, type Panel, panelOf, SIZE } from './svg-panel.ts';

export type { Panel } from './svg-panel.ts';

// A plain file must do for both themes: it follows the reader's, and keeps its own ground.
const STYLE = `
  .ground { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e }
  .line { stroke: #d1d9e0 } .quota { stroke: #1f2328; stroke-dasharray: 4 4 }
  .grant { fill: #2da44e } .refusal { fill: #cf222e }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif } .title { font-weight: 600; font-size: 13px } .light { font-weight: 400; font-size: 12px }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 }
    .line { stroke: #3d444d } .quota { stroke: #e6edf3 }
    .grant { fill: #3fb950 } .refusal { fill: #f85149 }
  }`;

const HEADER = 56;
const FOOTER = 34;

/** A drawing of what happened under one throttle, a panel for each sender. Text and rectangles only. */
export function drawTraces(title: string, panels: readonly Panel[], seconds: number): string {
  const height = HEADER + panels.length * SIZE.panel + FOOTER;
  const bottom = height - FOOTER;
  const ticks = Array.from({ length: Math.floor(seconds / 20) + 1 }, (_, index) => index * 20);
  const xOf = (second: number) => SIZE.left + second * Math.floor(SIZE.plot / seconds);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${SIZE.width}" height="${height}" rx="6"/>`,
    `<text class="text title" x="${SIZE.left}" y="22">${escapeXml(title)}</text>`,
    legend(SIZE.left, 42),
    ...panels.map((panel, index) => panelOf(panel, HEADER + index * SIZE.panel, seconds)),
    ...ticks.map(
      (second) =>
        `<text class="faint" x="${xOf(second)}" y="${bottom + 14}" text-anchor="middle">${second}${second === 0 ? ' s' : ''}</text>`,
    ),
    '</svg>\n',
  ].join('\n');
}

function legend(x: number, y: number): string {
  const swatch = (at: number, name: string) => `<rect class="${name}" x="${at}" y="${y - 9}" width="10" height="10"/>`;
  const words = (at: number, text: string) => `<text class="faint" x="${at}" y="${y}">${text}</text>`;
  return [
    swatch(x, 'grant'),
    words(x + 15, 'granted'),
    swatch(x + 80, 'refusal'),
    words(x + 95, 'refused (429), calls a second; together: sent'),
    `<path class="quota" d="M${x + 370} ${y - 4}h24"/>`,
    words(x + 400, 'the quota, of which only p-throttle was told'),
  ].join('');
}
