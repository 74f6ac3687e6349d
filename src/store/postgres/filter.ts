import type { ListFilter } from '../requests.ts';

/** A filter as SQL. */
export interface Conditions {
  /** Joined by AND; `true` if there are none. Columns are those of `m`. */
  readonly conditions: string;
  /** Values of the parameters, from the first given number on. */
  readonly values: readonly unknown[];
}

/** The members of a filter except `states`. Parameters are numbered from `first` on. */
export function conditionsOf(filter: ListFilter, first: number): Conditions {
  const members: readonly (readonly [string, string | number | undefined])[] = [
    ['m.caller =', filter.caller],
    ['m.channel =', filter.channel],
    ['coalesce(m.stream, m.stream_id) =', filter.stream],
    ['m.reference =', filter.reference],
    ['m.created_at >=', filter.from],
    ['m.created_at <', filter.to],
  ];
  const given = members.filter(([, value]) => value !== undefined);
  return {
    conditions: given.map(([comparison], index) => `${comparison} $${first + index}`).join(' AND ') || 'true',
    values: given.map(([, value]) => value),
  };
}
