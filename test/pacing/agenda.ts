export interface Event {
  readonly at: number;
  readonly run: () => void;
  isCanceled: boolean;
}

/** Events in order of their time; those of one time in order of their making. */
export function createAgenda() {
  const heap: Event[] = [];
  const swap = (i: number, j: number) => {
    const one = heap[i] as Event;
    heap[i] = heap[j] as Event;
    heap[j] = one;
  };
  const before = (i: number, j: number) => (heap[i] as Event).at < (heap[j] as Event).at;
  let now = 0;
  return {
    now: () => now,
    add(at: number, run: () => void): Event {
      const event = { at: Math.max(at, now), run, isCanceled: false };
      let i = heap.push(event) - 1;
      for (; i > 0 && before(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
      return event;
    },
    next(): boolean {
      const first = heap[0];
      if (first === undefined) return false;
      const last = heap.pop() as Event;
      if (heap.length > 0) {
        heap[0] = last;
        for (let i = 0; ; ) {
          const [left, right] = [2 * i + 1, 2 * i + 2];
          if (left >= heap.length) break;
          const least = right < heap.length && before(right, left) ? right : left;
          if (!before(least, i)) break;
          swap(i, least);
          i = least;
        }
      }
      now = first.at;
      if (!first.isCanceled) first.run();
      return true;
    },
  };
}
