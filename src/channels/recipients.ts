import type { CommonRequest } from './fields.ts';

/** An entry that no allow-list can hold: the place of a recipient that could not be read. */
export const UNREADABLE_RECIPIENT = '(unreadable)';

/**
 * Whom members of CommBox's `Content` name in one of `to`, `cc`, `bcc`: texts, or objects with an `address`. What is
 * neither counts as {@link UNREADABLE_RECIPIENT}, so that an allow-list refuses it rather than overlook it.
 */
export function contentRecipients(list: unknown): string[] {
  if (list === undefined || list === null) return [];
  return (Array.isArray(list) ? list : [list]).map((entry: unknown) => {
    if (typeof entry === 'string') return normalRecipient(entry);
    if (typeof entry === 'number') return String(entry);
    const [address, ...others] = typeof entry === 'object' && entry !== null ? membersOf(entry, 'address') : [];
    return typeof address === 'string' && others.length === 0 ? normalRecipient(address) : UNREADABLE_RECIPIENT;
  });
}

/** An address in lower case, or a number as bare digits without `00`; anything else as it is. */
export function normalRecipient(text: string): string {
  if (text.includes('@')) return text.trim().toLowerCase();
  return /^[\s\d+()[\].-]+$/.test(text) ? text.replace(/\D/g, '').replace(/^00/, '') : text;
}

/** The members of that name, letter case aside, as .NET's JSON readers would find them: usually one or none. */
export function membersOf(object: object, name: string): unknown[] {
  const found: unknown[] = [];
  for (const [key, value] of Object.entries(object)) if (key.toLowerCase() === name) found.push(value);
  return found;
}

/**
 * The recipients that a request names beside its channel's own: ids it sets itself, and lists inside `content`, which
 * CommBox might read if `type` is overridden too.
 */
export function addStatedRecipients(recipients: string[], request: CommonRequest): void {
  if (request.identity !== undefined) recipients.push(normalRecipient(request.identity));
  if (request.streamProviderId !== undefined) recipients.push(normalRecipient(request.streamProviderId));
  if (request.content === undefined) return;
  for (const name of ['to', 'cc', 'bcc'])
    recipients.push(...membersOf(request.content, name).flatMap(contentRecipients));
}
