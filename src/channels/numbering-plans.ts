import type { CountryCode } from 'libphonenumber-js/max';
import metadata from 'libphonenumber-js/max/metadata';

/** How the numbers of one calling code are judged. Lengths are without the calling code, one bit each. */
interface CodePlan {
  readonly codeLength: number;
  /** Possible in every country that shares the calling code. */
  readonly always: number;
  /** Possible in at least one of them. */
  readonly ever: number;
  /** What would be cut from, or rewritten in, the part after the calling code. */
  readonly prefix: RegExp;
}

/** How a number without `+` is read in one country. */
interface HomePlan {
  readonly code: string;
  readonly dialledAbroad: RegExp;
  readonly pattern: RegExp;
  readonly prefix: RegExp;
}

// Where libphonenumber's compact metadata keeps what is needed here; other versions are left to the library alone.
const VERSION = 4;
const [CALLING_CODE, ABROAD, PATTERN, LENGTHS, NATIONAL_PREFIX, PREFIX_FOR_PARSING] = [0, 1, 2, 3, 5, 7] as const;
const NEVER = /(?!)/;
const LONGEST = 17;

type Row = readonly unknown[];

const codePlans: readonly (CodePlan | undefined)[] = buildCodePlans();
const homePlans: ReadonlyMap<string, HomePlan> = buildHomePlans();

/**
 * What is certain about international digits (calling code first, no `+`) without asking libphonenumber: that they are
 * a possible number which it would leave as it is, that no number can be made of them, or nothing. Parsing takes the
 * library 5 to 30 µs, this less than 1; a test holds that both agree.
 */
export function judgeInternational(digits: string): 'possible' | 'impossible' | 'unsure' {
  if (digits.startsWith('0')) return 'impossible';
  const plan = codePlanOf(digits);
  if (plan === undefined) return 'unsure';
  const national = digits.slice(plan.codeLength);
  if (plan.prefix.test(national)) return 'unsure';
  const length = national.length > LONGEST ? 0 : 1 << national.length;
  if ((plan.always & length) !== 0) return 'possible';
  return (plan.ever & length) === 0 ? 'impossible' : 'unsure';
}

/**
 * Whether digits that {@link judgeInternational} calls possible are certainly the same number when read in `country`:
 * they begin with its own calling code and only what follows fits its pattern. False means "ask the library".
 */
export function isOwnInternational(digits: string, country: CountryCode): boolean {
  const plan = homePlans.get(country);
  if (plan === undefined || !digits.startsWith(plan.code) || plan.dialledAbroad.test(digits)) return false;
  const rest = digits.slice(plan.code.length);
  if (plan.prefix.test(digits) || plan.prefix.test(rest)) return false;
  return plan.pattern.test(rest) && !plan.pattern.test(digits);
}

function codePlanOf(digits: string): CodePlan | undefined {
  let code = 0;
  for (let length = 0; length < 3; length++) {
    code = code * 10 + digits.charCodeAt(length) - 48;
    const plan = codePlans[code];
    if (plan !== undefined) return plan;
  }
  return undefined;
}

function buildCodePlans(): (CodePlan | undefined)[] {
  const plans: (CodePlan | undefined)[] = new Array(1000).fill(undefined);
  if (metadata.version !== VERSION) return plans;
  for (const [code, countries] of Object.entries(metadata.country_calling_codes)) {
    const rows = countries.map((country): Row => metadata.countries[country] ?? []);
    const lengths = rows.map(lengthBits);
    plans[Number(code)] = {
      codeLength: code.length,
      always: lengths.reduce((all, bits) => all & bits),
      ever: lengths.reduce((any, bits) => any | bits),
      // The first country of a shared code decides how its numbers are read.
      prefix: startingWith(rows[0]?.[PREFIX_FOR_PARSING] || rows[0]?.[NATIONAL_PREFIX]),
    };
  }
  return plans;
}

function buildHomePlans(): Map<string, HomePlan> {
  const plans = new Map<string, HomePlan>();
  if (metadata.version !== VERSION) return plans;
  for (const [country, row] of Object.entries<Row>(metadata.countries)) {
    plans.set(country, {
      code: String(row[CALLING_CODE]),
      dialledAbroad: startingWith(row[ABROAD]),
      pattern: new RegExp(`^(?:${String(row[PATTERN])})$`),
      prefix: startingWith(row[PREFIX_FOR_PARSING] || row[NATIONAL_PREFIX]),
    });
  }
  return plans;
}

function startingWith(pattern: unknown): RegExp {
  return typeof pattern === 'string' && pattern !== '' ? new RegExp(`^(?:${pattern})`) : NEVER;
}

function lengthBits(row: Row): number {
  const lengths = row[LENGTHS];
  return Array.isArray(lengths)
    ? lengths.reduce((bits: number, length: unknown) => bits | (1 << Number(length)), 0)
    : 0;
}
