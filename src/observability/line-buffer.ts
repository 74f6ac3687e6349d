export interface LineBuffer {
  write(line: string): void;
  /** Hands over what has gathered. */
  flush(): void;
}

/** Texts are counted in UTF-16 units. */
const LARGEST = 8_192;
const LATEST_MS = 100;

/**
 * Gathers lines, for at most 100 ms: a write for each costs more than making it. pino's own destination can do so as
 * well, but measures at every line all that it holds, and so makes one text of it each time.
 *
 * @param write takes some whole lines at once
 */
export function createLineBuffer(write: (lines: string) => void): LineBuffer {
  let lines: string[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | null = null;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (lines.length === 0) return;
    const text = lines.join('');
    lines = [];
    length = 0;
    write(text);
  };

  return {
    write(line) {
      lines.push(line);
      length += line.length;
      if (length >= LARGEST) flush();
      // Whoever ends the process flushes.
      else timer ??= setTimeout(flush, LATEST_MS).unref();
    },
    flush,
  };
}
