import type { Call } from './call.ts';
import type { FreshMessages } from './fresh-rows.ts';

/** Calls that are done as one. */
export interface Bundle<Item> {
  readonly call: Call;
  readonly items: readonly Item[];
}

/**
 * Puts neighbours together that insert fresh messages: one statement for many costs less than one for each. The order
 * stays.
 */
export function bundled<Item extends { readonly call: Call }>(items: readonly Item[]): Bundle<Item>[] {
  const bundles: Bundle<Item>[] = [];
  for (let at = 0; at < items.length; ) {
    const alike = runOfFresh(items, at);
    const [first] = alike;
    if (first === undefined) break;
    bundles.push({ call: alike.length === 1 ? first.call : merged(alike), items: alike });
    at += alike.length;
  }
  return bundles;
}

function runOfFresh<Item extends { readonly call: Call }>(items: readonly Item[], at: number): readonly Item[] {
  let end = at;
  while (items[end]?.call.name === 'insertFresh') end++;
  return items.slice(at, Math.max(end, at + 1));
}

function merged(items: readonly { readonly call: Call }[]): Call {
  const all: FreshMessages = { cells: [], bodies: [] };
  for (const { call } of items) {
    const { cells, bodies } = call.args[0] as FreshMessages;
    for (const cell of cells) all.cells.push(cell);
    for (const body of bodies) all.bodies.push(body);
  }
  return { name: 'insertFresh', args: [all] };
}
