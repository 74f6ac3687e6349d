import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { isOwnInternational, judgeInternational } from './numbering-plans.ts';

/** A recipient's number as CommBox takes it, digits with country code and without `+` or `00`, or what is wrong. */
export type PhoneReading = { readonly digits: string } | { readonly problem: string };

/** A customer's number in both of its uses. */
export interface CustomerPhone {
  /** For `User.Phone1` and `Phone2`: rewritten with country code if the number is valid, else its bare digits. */
  readonly digits: string;
  /** The number with country code if it is a possible international one, so that it can stand for the customer. */
  readonly international: string | undefined;
}

// Dashes and spaces include those that word processors put in place of the plain ones.
const PUNCTUATION = /[\s()[\]\-\u2010-\u2015\u2212]+/g;
const BARE = /^\+?\d{1,40}$/;

const AMBIGUOUS = 'is possible both as a national and as an international number: write it with +';

/**
 * Reads a recipient's phone number: `+`, `00`, spaces, dashes and brackets are allowed, and it must be a possible
 * number (libphonenumber: its length fits a country's plan). Without `+` or `00` it is international, unless `country`
 * is given and the number starts with 0 or is possible only nationally.
 */
export function readPhone(text: string, country: CountryCode | undefined): PhoneReading {
  const bare = stripped(text);
  if (bare === undefined) return { problem: notPossible(country) };
  const digits = plainDigits(bare, country);
  if (digits !== undefined) return { digits };
  const reading = interpret(bare, country);
  if (reading === 'ambiguous') return { problem: AMBIGUOUS };
  return reading === undefined ? { problem: notPossible(country) } : { digits: reading.number.slice(1) };
}

/**
 * Reads a customer's number, which may be anything a CRM holds: it is rewritten only if it is valid (libphonenumber:
 * it fits its country's patterns), else passed on as its digits. Undefined if it has none.
 */
export function readCustomerPhone(text: string, country: CountryCode | undefined): CustomerPhone | undefined {
  const own = text.replace(/\D/g, '');
  if (own === '') return undefined;
  const bare = stripped(text);
  if (bare === undefined) return { digits: own, international: undefined };
  const plain = plainDigits(bare, country);
  if (plain === own) return { digits: own, international: own };
  const reading = interpret(bare, country);
  if (reading === undefined || reading === 'ambiguous') return { digits: own, international: undefined };
  const number = reading.number.slice(1);
  if (reading.isValid()) return { digits: number, international: number };
  // A national number that is not valid stays as it is written, and as such is no international one.
  const isNational = country !== undefined && !isInternational(bare) && number !== own;
  return { digits: own, international: isNational ? undefined : number };
}

/** What is left of a number without its punctuation; undefined if that is not a number. */
function stripped(text: string): string | undefined {
  const bare = BARE.test(text) ? text : text.replace(PUNCTUATION, '');
  return BARE.test(bare) ? bare : undefined;
}

function isInternational(bare: string): boolean {
  return bare.startsWith('+') || bare.startsWith('00');
}

function internationalDigits(bare: string): string {
  if (bare.startsWith('+')) return bare.slice(1);
  return bare.startsWith('00') ? bare.slice(2) : bare;
}

// The everyday case, without the library: certainly international, and nothing to rewrite.
function plainDigits(bare: string, country: CountryCode | undefined): string | undefined {
  const digits = internationalDigits(bare);
  if (judgeInternational(digits) !== 'possible') return undefined;
  return country === undefined || isInternational(bare) || isOwnInternational(digits, country) ? digits : undefined;
}

function interpret(bare: string, country: CountryCode | undefined): PhoneNumber | 'ambiguous' | undefined {
  if (isInternational(bare) || country === undefined) return interpretInternational(internationalDigits(bare));
  const national = possible(parsePhoneNumberFromString(bare, { defaultCountry: country, extract: false }));
  if (bare.startsWith('0')) return national;
  const international = interpretInternational(bare);
  if (national === undefined || international === undefined) return national ?? international;
  // Both readings may be the same number: libphonenumber finds the country's own code without a + as well.
  return national.number === international.number ? international : 'ambiguous';
}

function interpretInternational(digits: string): PhoneNumber | undefined {
  if (judgeInternational(digits) === 'impossible') return undefined;
  return possible(parsePhoneNumberFromString(`+${digits}`, { extract: false }));
}

function possible(number: PhoneNumber | undefined): PhoneNumber | undefined {
  return number?.isPossible() === true ? number : undefined;
}

function notPossible(country: CountryCode | undefined): string {
  const national = country === undefined ? '' : `, or a national one of ${country}`;
  return `must be a possible phone number with country code, such as +972 54-444-4444${national}; digits, +, spaces, dashes and brackets are allowed`;
}
