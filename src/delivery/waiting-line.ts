import type { Message } from './message.ts';

/**
 * Messages that wait to be attempted, in order of acceptance. A message that comes back after a refused attempt takes
 * its old place again. Withdrawn ones are skipped, so that removing costs nothing.
 */
export interface WaitingLine {
  add(message: Message): void;
  /** The next message that is still queued, or undefined. */
  take(): Message | undefined;
  /** Every message that is still queued, in order. */
  all(): Message[];
  readonly length: number;
}

// How many taken places may lie at the front before the array is cut.
const SLACK = 1024;

export function createWaitingLine(): WaitingLine {
  let line: Message[] = [];
  let head = 0;

  const add = (message: Message) => {
    const last = line[line.length - 1];
    if (line.length === head || last === undefined || last.sequence < message.sequence) {
      line.push(message);
      return;
    }
    // It was accepted before some that wait: find its place, near the front in practice.
    let place = head;
    while ((line[place] as Message).sequence < message.sequence) place++;
    if (place === head && head > 0) line[--head] = message;
    else line.splice(place, 0, message);
  };

  const take = () => {
    while (head < line.length) {
      const message = line[head++] as Message;
      if (head > SLACK && head * 2 > line.length) {
        line = line.slice(head);
        head = 0;
      }
      if (message.state === 'queued') return message;
    }
    return undefined;
  };

  return {
    add,
    take,
    all: () => line.slice(head).filter((message) => message.state === 'queued'),
    get length() {
      return line.length - head;
    },
  };
}
