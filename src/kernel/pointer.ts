/** Appends one member to a JSON pointer, escaped as RFC 6901, section 3 says. */
export function pointerTo(parent: string, member: string | number): string {
  if (typeof member === 'number') return `${parent}/${member}`;
  return `${parent}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
