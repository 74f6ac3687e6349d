import { GatewayError } from '../kernel/errors.ts';

/** One entry of `RECIPIENT_ALLOWLIST`, in the form that recipients are compared in. */
export interface AllowlistEntry {
  readonly kind: 'phone' | 'address' | 'domain';
  readonly value: string;
}

export interface Allowlist {
  /** Everyone may be written to. */
  readonly isOpen: boolean;
  /**
   * Passes if every recipient is on the list. With a list, a message whose recipients are not known does not pass.
   *
   * @throws GatewayError `recipient_not_allowed`, which counts the recipients in its way and never quotes one.
   */
  check(recipients: readonly string[]): void;
}

/** What an entry may be, for messages about one that is not. */
export const ALLOWLIST_ENTRY_RULE =
  'a phone number with its country code, an e-mail address, or a domain as @example.com';

// A text that a mail system would read as several addresses, or as a name beside one, must not pass for its last part.
const ADDRESS = /^[^\s@,;:<>()"\\]+@[^\s@,;:<>()"\\]+$/;
const DOMAIN = /^@[^\s@,;:<>()"\\]+$/;
const PHONE = /^\+?[\d\s().-]+$/;

/** The entry's comparable form, or null if it is neither a number, an address nor a domain. */
export function parseAllowlistEntry(text: string): AllowlistEntry | null {
  if (DOMAIN.test(text)) return { kind: 'domain', value: text.slice(1).toLowerCase() };
  if (ADDRESS.test(text)) return { kind: 'address', value: text.toLowerCase() };
  const digits = phoneDigits(text);
  // E.164 numbers never start with 0: what does is national, and would match nobody.
  return digits === null || digits === '' || digits.startsWith('0') ? null : { kind: 'phone', value: digits };
}

/** A list of these entries; null means that there is no list and everyone may be written to. */
export function createAllowlist(entries: readonly AllowlistEntry[] | null): Allowlist {
  if (entries === null) return { isOpen: true, check: () => {} };
  const allowed = new Set(entries.map(({ kind, value }) => `${kind}:${value}`));

  const passes = (recipient: string): boolean => {
    if (!recipient.includes('@')) {
      const digits = phoneDigits(recipient);
      return digits !== null && allowed.has(`phone:${digits}`);
    }
    if (!ADDRESS.test(recipient)) return false;
    const address = recipient.toLowerCase();
    return allowed.has(`address:${address}`) || allowed.has(`domain:${address.slice(address.indexOf('@') + 1)}`);
  };

  return {
    isOpen: false,
    check(recipients) {
      if (recipients.length === 0) {
        throw new GatewayError(
          'recipient_not_allowed',
          'An allow-list is in force, and this message names no recipient.',
        );
      }
      const refused = recipients.filter((recipient) => !passes(recipient)).length;
      if (refused === 0) return;
      const detail = `${refused} of the ${recipients.length} recipients ${refused === 1 ? 'is' : 'are'} not on this gateway's allow-list.`;
      throw new GatewayError('recipient_not_allowed', detail);
    },
  };
}

function phoneDigits(text: string): string | null {
  if (!PHONE.test(text)) return null;
  const digits = text.replace(/\D/g, '');
  return digits.startsWith('00') ? digits.slice(2) : digits;
}
