import type { Message } from './message.ts';

/**
 * Messages whose callers wait, in order of acceptance, which is the order of their ids. A message that comes back
 * after a refused attempt takes its old place again. Withdrawn ones are skipped, so that removing costs nothing.
 */
export interface WaitingLine {
  add(message: Message): void;
  /** The next message that is still queued, or undefined. It stays in the line. */
  peek(): Message | undefined;
  /** The same, removed from the line. */
  take(): Message | undefined;
  /** Lets go of those at the end that are not queued any more. */
  trim(): void;
  /** Every message that is still queued, in order. */
  all(): Message[];
  readonly length: number;
}

// How many taken places may lie at the front before the array is cut: they keep what was sent in memory.
const SLACK = 32;

export function createWaitingLine(): WaitingLine {
  let line: Message[] = [];
  let head = 0;

  const add = (message: Message) => {
    const last = line[line.length - 1];
    if (line.length === head || last === undefined || last.id < message.id) {
      line.push(message);
      return;
    }
    // It was accepted before some that wait: find its place, near the front in practice.
    let place = head;
    while ((line[place] as Message).id < message.id) place++;
    if (place === head && head > 0) line[--head] = message;
    else line.splice(place, 0, message);
  };

  const peek = () => {
    while (head < line.length && (line[head] as Message).state !== 'queued') head++;
    if (head > SLACK && head * 2 > line.length) {
      line = line.slice(head);
      head = 0;
    }
    return line[head];
  };
  const take = () => {
    const message = peek();
    if (message !== undefined) head++;
    return message;
  };

  return {
    add,
    peek,
    take,
    trim() {
      while (line.length > head && line[line.length - 1]?.state !== 'queued') line.pop();
    },
    all: () => line.slice(head).filter((message) => message.state === 'queued'),
    get length() {
      return line.length - head;
    },
  };
}
