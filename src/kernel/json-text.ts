const [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Array.from('"[]{}', (sign) => sign.charCodeAt(0));

/** Valid JSON with `null` in place of whatever nests deeper than so many levels; the outermost value is level 1. */
export function cutBelow(text: string, maxDepth: number): string {
  let kept = '';
  let from = 0;
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) at = endOfString(text, at) - 1;
    else if (sign === OPEN_LIST || sign === OPEN_OBJECT) {
      if (++level === maxDepth + 1) kept += `${text.slice(from, at)}null`;
    } else if (sign === CLOSE_LIST || sign === CLOSE_OBJECT) {
      if (level-- === maxDepth + 1) from = at + 1;
    }
  }
  return kept + text.slice(from);
}

/** Where the string of valid JSON that begins at `at` ends: the place behind its closing quote. Linear time. */
export function endOfString(text: string, at: number): number {
  // A pattern would keep a step to go back to for every character, and a string may be as long as the request.
  for (let quote = text.indexOf('"', at + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
