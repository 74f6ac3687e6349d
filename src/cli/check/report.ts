import { styleText } from 'node:util';
import { createTable } from '../table.ts';
import type { Check, CheckStatus } from './check.ts';

const words: Record<CheckStatus, string> = { ok: 'ok', warning: 'warning', failed: 'FAILED' };
/** The same whatever was found, so that two runs can be held against each other. */
const STATUS_WIDTH = Math.max(...Object.values(words).map((word) => word.length));
const colours = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

/** Whether everything that was checked would let the gateway start and send. */
export function hasPassed(checks: readonly Check[]): boolean {
  return checks.every(({ status }) => status !== 'failed');
}

/**
 * The checks as a table, one line each, and what they come to. Colours are left out where standard output is no
 * terminal, or where `NO_COLOR` is set (https://no-color.org).
 */
export function checkTable(checks: readonly Check[]): string {
  const rows = checks.map(({ status, name, detail }) => [words[status].padEnd(STATUS_WIDTH), name, detail]);
  const lines = createTable(paint).lines(rows);
  return [...lines, '', summaryOf(checks)].join('\n');
}

/** The same for scripts: `{ ok, checks: [{ status, name, detail, endsAt?, daysLeft? }] }`. */
export function checkJson(checks: readonly Check[]): string {
  return JSON.stringify({ ok: hasPassed(checks), checks }, null, 2);
}

function paint(cell: string, column: number): string {
  const status = (Object.keys(words) as CheckStatus[]).find((name) => words[name] === cell.trim());
  return column === 0 && status !== undefined ? styleText(colours[status], cell) : cell;
}

function summaryOf(checks: readonly Check[]): string {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  const [warnings, failures] = [count('warning'), count('failed')];
  if (failures > 0) return `${failures} of ${checks.length} FAILED${warnings > 0 ? `, ${texts(warnings)}` : ''}.`;
  return warnings > 0 ? `Nothing failed, ${texts(warnings)}.` : 'All is well.';
}

function texts(warnings: number): string {
  return `${warnings} warning${warnings === 1 ? '' : 's'}`;
}
