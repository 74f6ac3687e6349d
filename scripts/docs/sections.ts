const END = '<!-- /generated -->';

/**
 * Replaces what stands between `<!-- generated:NAME -->` and the next `<!-- /generated -->`. A text without that
 * section stays as it is.
 *
 * @throws Error for a section that is never closed, since replacing it would swallow the rest of the page.
 */
export function replaceSection(text: string, name: string, content: string): string {
  const begin = `<!-- generated:${name} -->`;
  const from = text.indexOf(begin);
  if (from === -1) return text;
  const to = text.indexOf(END, from);
  const next = text.indexOf('<!-- generated:', from + begin.length);
  if (to === -1 || (next !== -1 && next < to)) throw new Error(`the section ${name} is not closed by ${END}`);
  return `${text.slice(0, from)}${begin}\n${content}\n${text.slice(to)}`;
}
