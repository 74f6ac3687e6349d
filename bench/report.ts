import type { Spread } from './lib/stats.ts';
import { renderTable } from './lib/table.ts';
import type { MemoryFigures } from './memory.ts';
import type { ThroughputFigures } from './throughput.ts';

const MIB = 1024 ** 2;
const CPU_AIM = 1.15;
const PROXY_AIM = 1.5;
const MEMORY_AIM_MIB = 60;
/** Below this share of its core, a contender waited for load or upstream, or shared the core with strangers. */
const SATURATED = 0.95;

/** The figures of all contenders, and how the gateway's full path stands against the aims. */
export function reportThroughput(figures: readonly ThroughputFigures[]): string {
  const rows = figures.map((one) => [
    one.title,
    Math.round(one.requestsPerSecond.median).toLocaleString('en'),
    String(Math.round(one.cpuMicroseconds.median)),
    withRange(one.throughputToBare),
    withRange(one.cpuToBare),
    one.throughputToProxy.median.toFixed(2),
    one.p99Ms.median.toFixed(1),
    `${Math.round(one.coreUse.median * 100)} %`,
    `${Math.round(one.strangers.median * 100)} %`,
  ]);
  const head = [
    '',
    'requests/s',
    'CPU µs/request',
    'throughput ÷ bare',
    'CPU ÷ bare',
    '÷ http-proxy',
    'p99 ms',
    'core',
    'strangers',
  ];
  const starved = figures.filter((one) => one.coreUse.median < SATURATED);
  const warning = starved.map(
    (one) => `! ${one.title} did not fill its core: other processes or the load held it back; trust CPU only`,
  );
  return [renderTable(head, rows), '', ...warning, ...figures.flatMap(aimsOf)].join('\n');
}

function aimsOf({ name, title, cpuToBare, throughputToBare, throughputToProxy }: ThroughputFigures): string[] {
  if (name !== 'gateway-sms' && name !== 'gateway-drop-in') return [];
  return [
    `${title}:`,
    verdict(cpuToBare.median <= CPU_AIM, `CPU per request ${ratio(cpuToBare)} of the bare hop's, aim ≤ ${CPU_AIM}`),
    verdict(throughputToBare.median >= 1, `throughput ${ratio(throughputToBare)} of the bare hop's, aim ≥ 1`),
    verdict(
      throughputToProxy.median >= PROXY_AIM,
      `throughput ${ratio(throughputToProxy)} of @fastify/http-proxy's, aim ≥ ${PROXY_AIM}`,
    ),
  ];
}

/** The peaks of every repetition, and the smallest difference against the aim. */
export function reportMemory(figures: readonly MemoryFigures[]): string {
  const inMib = (bytes: number) => (bytes / MIB).toFixed(1);
  const rows = figures.map(({ smallBytes, largeBytes }, index) => [
    String(index + 1),
    inMib(smallBytes),
    inMib(largeBytes),
    inMib(largeBytes - smallBytes),
  ]);
  const best = Math.min(...figures.map(({ smallBytes, largeBytes }) => (largeBytes - smallBytes) / MIB));
  const head = ['peak RSS in MiB', '20 × 1 MiB', '20 × 20 MiB', 'difference'];
  const aim = `best difference ${best.toFixed(1)} MiB, aim ≤ ${MEMORY_AIM_MIB} MiB`;
  return [renderTable(head, rows), '', verdict(best <= MEMORY_AIM_MIB, aim)].join('\n');
}

function verdict(isMet: boolean, text: string): string {
  return `  ${isMet ? 'met   ' : 'MISSED'}  ${text}`;
}

function ratio({ median }: Spread): string {
  return median.toFixed(2);
}

function withRange({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} [${min.toFixed(2)}–${max.toFixed(2)}]`;
}
