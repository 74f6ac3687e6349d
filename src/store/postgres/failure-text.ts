import { codeOf, explainFailure } from '../../kernel/failure-words.ts';
import { sqlState } from './storage-errors.ts';

// SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const refusals: Readonly<Record<string, string>> = {
  '28P01': 'it refuses the user or the password',
  '28000': 'it refuses this user from here',
  '3D000': 'the database does not exist',
  '53300': 'it has no connection left',
  '57P03': 'it is starting or stopping',
  '42501': "the user lacks rights on the gateway's tables",
  '25006': 'it is read-only, such as a standby',
};

/** Why PostgreSQL cannot be used, for an operator. Never its own words: they may quote rows, or the URL. */
export function explainPostgres(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `${refusals[state] ?? 'it refuses'} (${state})`;
  // pg's own limits are errors without a code.
  return codeOf(error) === 'Error' ? 'no answer in time, or the connection was closed' : explainFailure(error);
}
