/** Where the string of valid JSON that begins at `at` ends: the place behind its closing quote. Linear time. */
export function endOfString(text: string, at: number): number {
  // A pattern would keep a step to go back to for every character, and a string may be as long as the request.
  for (let quote = text.indexOf('"', at + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
