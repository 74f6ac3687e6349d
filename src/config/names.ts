const CALLER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What a caller's or an account's name may be, for messages about one that is not. */
export const NAME_RULE = '1 to 64 letters, digits, ".", "_" and "-", starting with a letter or digit';

/** Whether the text can name a caller or an account. */
export function isName(text: string): boolean {
  return CALLER_NAME.test(text);
}
