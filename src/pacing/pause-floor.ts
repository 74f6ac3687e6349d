/** The longest pause after a refusal that has proved too short, where CommBox states none. */
export interface PauseFloor {
  readonly ms: number;
  /** After so long a probe was refused. */
  failed(ms: number): void;
  /** After so long the first probe was granted. */
  sufficed(ms: number): void;
  /** What was seen says nothing any more. */
  forget(): void;
}

const LONGEST_MS = 30_000;
// A pause that sufficed is tried a little shorter the next time.
const DECAY = 0.8;

export function createPauseFloor(): PauseFloor {
  let floorMs = 0;

  return {
    get ms() {
      return floorMs;
    },
    failed(ms) {
      floorMs = Math.min(LONGEST_MS, Math.max(floorMs, ms));
    },
    sufficed(ms) {
      floorMs = DECAY * Math.min(floorMs, ms);
    },
    forget() {
      floorMs = 0;
    },
  };
}
