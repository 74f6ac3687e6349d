import { createTable, printable } from '../table.ts';

/** A message as the gateway shows it. Members are read by name, so that an older or newer gateway is understood too. */
export type MessageBody = Readonly<Record<string, unknown>>;

export const LIST_HEAD = ['ID', 'STATUS', 'CHANNEL', 'STREAM', 'CALLER', 'LANE', 'CREATED', 'ATTEMPTS', 'WHY'];

/** One row of a list; the last cell says what a queued message waits for, or the code of what failed. */
export function listRow(message: MessageBody): string[] {
  const created = String(message['createdAt'] ?? '-').replace(/\.\d+Z$/, 'Z');
  return [
    cell(message['id']),
    cell(message['status']),
    cell(message['channel']),
    cell(message['stream'] ?? message['streamId']),
    cell(message['caller']),
    cell(message['lane']),
    created,
    cell(message['attempts']),
    cell(message['waitingFor'] ?? message['code']),
  ];
}

/** Everything about one message: its members by name, those that say nothing left out, then its attempts. */
export function messageBlock(message: MessageBody): string {
  const members = Object.entries(message).filter(([, value]) => value !== null && typeof value !== 'object');
  const lines = createTable().lines([
    ...members.map(([name, value]) => [name, String(value)]),
    ...upstreamRow(message['upstream']),
  ]);
  return [...lines, ...attemptLines(message['attemptLog'])].join('\n');
}

/** CommBox's own words, where it has said why. */
function upstreamRow(upstream: unknown): string[][] {
  if (typeof upstream !== 'object' || upstream === null) return [];
  const { status, description } = upstream as Record<string, unknown>;
  return [['upstream', `${cell(status)} ${cell(description)}`]];
}

function attemptLines(log: unknown): string[] {
  if (!Array.isArray(log) || log.length === 0) return [];
  const rows = log.map((attempt: unknown, i) => {
    const { at, durationMs, outcome, upstreamStatus } = (attempt ?? {}) as Record<string, unknown>;
    return [String(i + 1), cell(at), `${cell(durationMs)} ms`, cell(outcome), cell(upstreamStatus)];
  });
  return ['', ...createTable().lines([['ATTEMPT', 'AT', 'TOOK', 'OUTCOME', 'COMMBOX SAID'], ...rows])];
}

function cell(value: unknown): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value));
}
