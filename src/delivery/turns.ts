import type { Clock } from '../kernel/clock.ts';
import type { Pacer } from '../pacing/pacer.ts';
import type { FlowKey, Scheduler } from '../pacing/scheduler.ts';
import type { TakePick } from '../store/requests.ts';
import type { Backlog } from './backlog.ts';
import type { Courier } from './courier.ts';
import { type FlowLines, flowName } from './flow-lines.ts';
import type { Ledger, Recorded } from './ledger.ts';
import { type Message, moveTo } from './message.ts';
import * as outcomes from './outcomes.ts';
import type { Outlook } from './outlook.ts';
import type { End } from './patience.ts';
import type { Returning } from './returning.ts';

export interface TurnsOptions {
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  readonly lines: FlowLines;
  readonly backlog: Backlog;
  readonly ledger: Pick<Ledger, 'begin'>;
  readonly returning: Returning;
  readonly outlook: Pick<Outlook, 'left'>;
  readonly courier: () => Courier;
  /** Nothing may start now: the keys are refused, or the process ends. */
  readonly isHeld: () => boolean;
  readonly giveUp: (message: Message, end: End) => void;
  /** Of one that is next, and too late. */
  readonly expire: End;
  /** It has its turn: its patience does not count any more. */
  readonly onTurn: (message: Message) => void;
  /** It had its turn, but the account was closed while the store was asked. */
  readonly onReturned: (message: Message, recorded: Recorded) => void;
  /** Nothing may start now, although somebody waits. */
  readonly onShut: (now: number) => void;
  /** The store has answered. */
  readonly onSettled: () => void;
}

/** Gives the turns that the pacer allows to the messages that the scheduler names, and starts them. */
export interface Turns {
  /** Gives away what can be given now. */
  pump(): void;
  start(message: Message): void;
  /** Whether it has its turn, and only waits for the store to note that it starts. */
  isStarting(message: Message): boolean;
  /** Turns that are given to messages of which the store is still asked. */
  readonly reserved: number;
  stop(): void;
}

// A plan is made of what is known now; the longer it is, the more of it is outdated.
const LONGEST_PLAN = 64;
// A rate that is too low rises while somebody waits for it, but only if somebody looks.
const LOOK_AGAIN_MS = 500;

export function createTurns(options: TurnsOptions): Turns {
  const { clock, pacer, scheduler, lines, backlog, ledger, returning, isHeld, giveUp } = options;
  const starting = new Set<Message>();
  let reserved = 0;
  /** From the question to the store until what it gave has been sent: until then, what is newer must not start. */
  let isTaking = false;
  let cancelWake: (() => void) | null = null;

  const settled = () => {
    pump();
    options.onSettled();
  };

  /** The account may have been closed while the store was asked. */
  const sendOrReturn = (message: Message) => {
    if (!isHeld() && pacer.room(clock.now()) >= 1) return options.courier().send(message);
    moveTo(message, 'queued');
    returning.record(message, null, (recorded) => options.onReturned(message, recorded));
  };

  const start = (message: Message) => {
    if (!message.isStored) {
      moveTo(message, 'sending');
      return options.courier().send(message);
    }
    reserved++;
    starting.add(message);
    options.onTurn(message);
    const begin = (mayBegin: boolean, otherwise: End) => {
      starting.delete(message);
      reserved--;
      if (lines.peek(message) !== undefined) scheduler.activate(message);
      if (mayBegin && message.state === 'queued') {
        moveTo(message, 'sending');
        sendOrReturn(message);
      } else giveUp(message, otherwise);
      settled();
    };
    ledger.begin(message).then(
      (mayBegin) => begin(mayBegin, outcomes.cancel),
      () => begin(false, outcomes.refuseForStorage),
    );
  };

  /** A start that needs no note must not overtake one of the same line that is being noted. */
  const isBehind = (flow: FlowKey): boolean => {
    if (lines.peek(flow)?.isStored !== false) return false;
    for (const message of starting) if (flowName(message) === flowName(flow)) return true;
    return false;
  };

  /** Starts the next message of a line. False if there is none, or it came too late. */
  const startNext = (flow: FlowKey): boolean => {
    if (returning.holds(flow) || isBehind(flow)) {
      scheduler.deactivate(flow);
      return false;
    }
    const head = lines.take(flow);
    if (lines.peek(flow) === undefined && !backlog.mayHold(flow)) scheduler.deactivate(flow);
    if (head === undefined) return false;
    const isLate = head.expiresAt !== null && head.expiresAt <= clock.now();
    if (isLate) giveUp(head, options.expire);
    else start(head);
    return !isLate;
  };

  const take = (picks: readonly TakePick[]) => {
    const turns = picks.reduce((sum, { limit }) => sum + limit, 0);
    reserved += turns;
    isTaking = true;
    backlog.take(picks).then((messages) => {
      reserved -= turns;
      isTaking = false;
      const taken = new Map<string, number>();
      for (const message of messages) {
        taken.set(flowName(message), (taken.get(flowName(message)) ?? 0) + 1);
        sendOrReturn(message);
      }
      for (const pick of picks) {
        const found = taken.get(flowName(pick)) ?? 0;
        options.outlook.left(pick, found);
        if (found < pick.limit) fillUp(pick, pick.limit - found);
      }
      settled();
    });
  };

  /** The store had less than was planned: all that was accepted before the head of the line has been started. */
  const fillUp = (pick: TakePick, turns: number) => {
    let unused = turns;
    const head = lines.peek(pick);
    const isNext = head !== undefined && head.id === pick.before;
    if (isNext && !isHeld() && pacer.room(clock.now()) > reserved && startNext(pick)) unused--;
    for (; unused > 0; unused--) scheduler.refund(pick);
    if (lines.peek(pick) === undefined && !backlog.mayHold(pick)) scheduler.deactivate(pick);
  };

  /** Gives up to `room` turns away. */
  const allot = (room: number) => {
    const picks = new Map<string, { readonly flow: FlowKey; limit: number }>();
    for (let left = room; left > 0; ) {
      const flow = scheduler.next();
      if (flow === null) break;
      if (backlog.mayHold(flow) && !returning.holds(flow)) {
        const pick = picks.get(flowName(flow));
        if (pick === undefined) picks.set(flowName(flow), { flow, limit: 1 });
        else pick.limit++;
        left--;
      } else if (startNext(flow)) left--;
      else scheduler.refund(flow);
    }
    if (picks.size > 0) take([...picks.values()].map(({ flow, limit }) => pickOf(flow, limit)));
  };
  const pickOf = ({ lane, caller }: FlowKey, limit: number): TakePick => {
    const before = lines.peek({ lane, caller })?.id;
    return { lane, caller, limit, ...(before !== undefined && { before }) };
  };

  const pump = () => {
    cancelWake?.();
    cancelWake = null;
    while (!isHeld() && scheduler.size > 0 && !isTaking) {
      const now = clock.now();
      const room = Math.min(pacer.room(now) - reserved, LONGEST_PLAN);
      if (room < 1) {
        options.onShut(now);
        return wakeWhenOpen(now);
      }
      const before = options.courier().busy + reserved;
      allot(room);
      // Nobody who is active may go: all are stopped.
      if (options.courier().busy + reserved === before) return;
    }
  };
  const wakeWhenOpen = (now: number) => {
    const opensAt = pacer.opensAt(now);
    if (opensAt > now && Number.isFinite(opensAt)) {
      cancelWake = clock.schedule(Math.min(opensAt - now, LOOK_AGAIN_MS), pump);
    }
  };

  return {
    pump,
    start,
    isStarting: (message) => starting.has(message),
    get reserved() {
      return reserved;
    },
    stop: () => cancelWake?.(),
  };
}
