import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The cores that the measured process and everything else run on, as `taskset` numbers them. */
export interface CoreSplit {
  readonly measured: number | null;
  readonly rest: number | null;
  /** What a reader of the figures must know about the split; null if it is as intended. */
  readonly caveat: string | null;
}

/** One core for the process that is measured, another for load and upstream; without two of them, nobody is pinned. */
export function splitCores(): CoreSplit {
  const none = { measured: null, rest: null };
  if (spawnSync('taskset', ['--version']).error !== undefined) {
    return { ...none, caveat: 'no taskset: nothing is pinned, so throughput is not that of one core' };
  }
  const [measured, rest] = allowedCores();
  if (measured === undefined || rest === undefined) {
    return { ...none, caveat: 'only one core: load and upstream take their share of it' };
  }
  return { measured, rest, caveat: null };
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (list === undefined) return Array.from({ length: availableParallelism() }, (_, core) => core);
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** Ticks per second of the times in `/proc/<pid>/stat` (proc(5)). */
export function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}

/**
 * User and system time of a process, all its threads and its living descendants, in ticks.
 * @throws if the process has ended, or the system has no `/proc`.
 */
export function cpuTicksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets, which may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = Number(fields[11]) + Number(fields[12]);
  return childrenOf(pid).reduce((sum, child) => sum + cpuTicksOf(child), own);
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** Time in which any core of the machine computed, or was kept from it by the host ("steal"), in ticks since its start. */
export function busyTicks(): number {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = readFileSync('/proc/stat', 'utf8')
    .slice('cpu '.length, 400)
    .trim()
    .split(/\s+/, 8)
    .map(Number);
  return user + nice + system + steal;
}

/** The most memory that a process has ever held at once (`VmHWM`), in bytes. */
export function peakRssOf(pid: number): number {
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error('/proc tells no VmHWM');
  return Number(kibibytes) * 1024;
}
