/** Something that is served in order of its tag, and knows where it stands. */
export interface Tagged {
  tag: number;
  /** Place in the crowd that it is in. */
  index: number;
}

/** Things of which each can be removed at any time, in constant or logarithmic time. */
export interface Crowd<T extends Tagged> {
  readonly items: readonly T[];
  add(item: T): void;
  remove(item: T): void;
}

/** In no order. */
export function createBag<T extends Tagged>(): Crowd<T> {
  const items: T[] = [];
  return {
    items,
    add(item) {
      item.index = items.length;
      items.push(item);
    },
    remove(item) {
      const last = items.pop();
      if (last === undefined || last === item) return;
      items[item.index] = last;
      last.index = item.index;
    },
  };
}

export interface TagHeap<T extends Tagged> extends Crowd<T> {
  /** Its tag has changed. */
  moved(item: T): void;
}

/** A binary heap: the first of `items` has the least tag. */
export function createTagHeap<T extends Tagged>(): TagHeap<T> {
  const items: T[] = [];

  const put = (item: T, index: number) => {
    items[index] = item;
    item.index = index;
  };

  function settle(item: T): void {
    let index = item.index;
    for (let parent = items[(index - 1) >> 1]; index > 0 && parent !== undefined && item.tag < parent.tag; ) {
      const above = parent.index;
      put(parent, index);
      index = above;
      parent = items[(index - 1) >> 1];
    }
    for (;;) {
      const left = items[2 * index + 1];
      const right = items[2 * index + 2];
      const child = right !== undefined && left !== undefined && right.tag < left.tag ? right : left;
      if (child === undefined || child.tag >= item.tag) break;
      const below = child.index;
      put(child, index);
      index = below;
    }
    put(item, index);
  }

  return {
    items,
    add(item) {
      item.index = items.length;
      items.push(item);
      settle(item);
    },
    remove(item) {
      const last = items.pop();
      if (last === undefined || last === item) return;
      last.index = item.index;
      settle(last);
    },
    moved: settle,
  };
}
