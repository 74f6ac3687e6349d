import type { Simulator } from '../../../src/simulator/server.ts';

/** How many calls CommBox may have seen for one request. */
export interface Allowance {
  readonly least: number;
  readonly most: number;
}

/** Compares what callers were told with what CommBox saw, joined by the request ids that both were given. */
export interface Bookkeeping {
  /**
   * Books a request that was answered. `isLater`: what it allows may come until the end; otherwise it has come by now.
   *
   * @throws Error for a call that nobody was told of, or one that is missing.
   */
  book(requestId: string | null, allowance: Allowance, isLater: boolean): void;
  /** Whether every later call that must come has come. */
  isSettled(): boolean;
  /** Looks at what came last. @throws Error as `book` */
  look(): void;
}

interface Account {
  readonly allowance: Allowance;
  seen: number;
}

export function createBookkeeping(simulator: Simulator): Bookkeeping {
  const open = new Map<string, Account>();
  const early = new Map<string, number>();

  const gather = () => {
    for (const { headers } of simulator.received()) {
      const id = headers['x-request-id'] ?? '(none)';
      const account = open.get(id);
      if (account === undefined) early.set(id, (early.get(id) ?? 0) + 1);
      else count(id, account);
    }
    simulator.clear();
  };
  const count = (id: string, account: Account) => {
    account.seen += 1;
    if (account.seen > account.allowance.most) throw new Error(`CommBox saw ${id} ${account.seen} times`);
    // What can come no more is forgotten, and would be a stranger from here on.
    if (account.seen === account.allowance.most) open.delete(id);
  };
  const look = () => {
    gather();
    const [stranger] = early;
    // Told once; what comes after it is judged for itself.
    early.clear();
    if (stranger === undefined) return;
    const [id, calls] = stranger;
    throw new Error(`CommBox saw ${id} ${calls} times, and its caller was told no such thing`);
  };

  return {
    look,
    book(requestId, allowance, isLater) {
      gather();
      const id = requestId ?? '(none)';
      const seen = early.get(id) ?? 0;
      early.delete(id);
      if (seen > allowance.most) throw new Error(`CommBox saw ${id} ${seen} times, ${allowance.most} are allowed`);
      if (!isLater && seen < allowance.least)
        throw new Error(`CommBox saw ${id} ${seen} times, not ${allowance.least}`);
      if (isLater && seen < allowance.most) open.set(id, { allowance, seen });
      look();
    },
    isSettled() {
      look();
      return [...open.values()].every(({ seen, allowance }) => seen >= allowance.least);
    },
  };
}
