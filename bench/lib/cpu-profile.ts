/** What `node --cpu-prof` writes (Chrome DevTools Protocol, Profiler.Profile), as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface FunctionShare {
  /** Function, file and line. */
  readonly name: string;
  /** Package, folder of the gateway, or part of Node that it belongs to. */
  readonly place: string;
  /** Share of the busy time in the function itself, 0 to 1. */
  readonly self: number;
  /** The same with what it called; recursion counts once. */
  readonly total: number;
}

interface Sum {
  readonly place: string;
  self: number;
  total: number;
}

// No work of the process itself: waiting, and the inspector's own commands.
const NOT_COUNTED = /^(?:\(idle\)|\(root\)|post node:inspector)/;

/** Adds a profile's samples up by function. Idle time is left out. */
export function selfAndTotal({ nodes, samples, timeDeltas }: CpuProfile): FunctionShare[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const selfById = new Map<number, number>();
  samples.forEach((id, index) => {
    selfById.set(id, (selfById.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const sums = new Map<string, Sum>();
  const sumOf = (id: number) => {
    const { name, place } = describe(byId.get(id)?.callFrame);
    const known = sums.get(name) ?? { place, self: 0, total: 0 };
    sums.set(name, known);
    return known;
  };
  let busy = 0;
  for (const [id, time] of selfById) {
    if (NOT_COUNTED.test(describe(byId.get(id)?.callFrame).name)) continue;
    busy += time;
    sumOf(id).self += time;
    const onStack = new Set<Sum>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) onStack.add(sumOf(at));
    for (const sum of onStack) sum.total += time;
  }
  return [...sums].map(([name, { place, self, total }]) => ({ name, place, self: self / busy, total: total / busy }));
}

/** The time that functions of one package or folder took themselves, the largest first. */
export function shareByPlace(functions: readonly FunctionShare[]): (readonly [string, number])[] {
  const shares = new Map<string, number>();
  for (const { place, self } of functions) shares.set(place, (shares.get(place) ?? 0) + self);
  return [...shares].sort(([, one], [, other]) => other - one);
}

function describe(frame: CpuProfile['nodes'][number]['callFrame'] | undefined): { name: string; place: string } {
  const { functionName = '', url = '', lineNumber = 0 } = frame ?? {};
  if (url === '')
    return { name: functionName || '(native)', place: functionName.startsWith('(') ? functionName : 'V8' };
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url);
  const own = /\/(src\/([^/]+).*)$/.exec(url);
  const place = dependency?.[1] ?? (own === null ? 'node' : `src/${own[2]}`);
  const file = dependency === null ? (own?.[1] ?? url) : `${dependency[1]}/${dependency[2]}`;
  return { name: `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`, place };
}
