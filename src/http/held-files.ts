import type { Spool, SpooledFile } from '../attachments/spool.ts';

/** The files of a request, until the delivery takes them. */
export interface HeldFiles {
  /** What is there in the end counts: more may be added. */
  readonly files: SpooledFile[];
  /** From now on they are the delivery's, even if the request fails later: a message that was accepted needs them. */
  taken(): void;
  /** Call in the end, whatever happened: removes them, unless they were taken. */
  letGo(): Promise<void>;
}

export function holdFiles(spool: Pick<Spool, 'remove'>, files: SpooledFile[]): HeldFiles {
  let isTaken = false;
  return {
    files,
    taken() {
      isTaken = true;
    },
    async letGo() {
      if (!isTaken && files.length > 0) await spool.remove(files);
    },
  };
}
