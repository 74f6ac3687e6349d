import { expiryWarning } from '../../delivery/credentials-expiry.ts';
import { type Check, failed, ok, warning } from './check.ts';

/** What CommBox said to a key: `unclear` carries what it said instead of yes or no. */
export type KeyAnswer = 'accepted' | 'refused' | 'unreached' | { readonly unclear: string };

export interface KeyFacts {
  /** Such as `key of default`. */
  readonly name: string;
  readonly answer: KeyAnswer;
  /** Epoch milliseconds; null for a key that names no end. */
  readonly endsAt: number | null;
  /** When the last of the account's keys ends that CommBox does not refuse; null = not known. */
  readonly lastEndsAt: number | null;
  /** Whether the account has another key that CommBox accepts. */
  readonly hasOther: boolean;
}

const DAY_MS = 86_400_000;

/** A key by what CommBox says and by its own end. `now` in epoch milliseconds. */
export function judgeKey(facts: KeyFacts, now: number): Check {
  const { name, endsAt, lastEndsAt } = facts;
  const check = judgeAnswer(facts);
  if (endsAt === null) return { ...check, detail: `${check.detail}; not a JWT with an end: no end date` };
  const daysLeft = Math.floor((endsAt - now) / DAY_MS);
  const date = new Date(endsAt).toISOString();
  const isSoon = expiryWarning(name, lastEndsAt, now) !== null;
  return {
    status: check.status === 'ok' && isSoon ? 'warning' : check.status,
    name,
    detail: `${check.detail}; ${endText(date.slice(0, 10), endsAt <= now, daysLeft)}`,
    endsAt: date,
    daysLeft,
  };
}

function judgeAnswer({ name, answer, hasOther }: KeyFacts): Check {
  if (answer === 'accepted') return ok(name, 'CommBox accepts it');
  if (answer === 'unreached') return warning(name, 'not tried, since CommBox was not reached');
  if (answer !== 'refused') return warning(name, `CommBox did not say whether it accepts it: ${answer.unclear}`);
  // With one good key everything is sent, so this one is merely left over, or not live yet.
  return hasOther
    ? warning(name, "CommBox refuses it; the account's other key works")
    : failed(name, 'CommBox refuses it');
}

function endText(date: string, isPast: boolean, daysLeft: number): string {
  if (isPast) return `ended on ${date}`;
  return `ends on ${date}, in ${daysLeft} day${daysLeft === 1 ? '' : 's'}`;
}
