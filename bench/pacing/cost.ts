import { createCourier } from '../../src/delivery/courier.ts';
import { createDispatcher } from '../../src/delivery/dispatcher.ts';
import { type AttemptResult, createMessage, type Draft, type Message, moveTo } from '../../src/delivery/message.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createPacer, type Pacer } from '../../src/pacing/pacer.ts';
import { type Spread, spreadOf } from '../lib/stats.ts';

/** What pacing costs a message while CommBox does not throttle. Microseconds. */
export interface CostFigures {
  /** Through dispatcher and pacer, CommBox answering at once. */
  readonly paced: Spread;
  /** The same attempts without either: state, result and observer only. */
  readonly unpaced: Spread;
  readonly difference: Spread;
  /** The pacer's own part: asking for room, entering, and noting the success. */
  readonly pacer: Spread;
}

const ROUNDS = 9;
const MESSAGES = 50_000;
const AT_ONCE = 16;

const sent: AttemptResult = { kind: 'sent', durationMs: 1, objectId: '7', raw: null };
const draft: Draft = {
  caller: 'a',
  channel: 'sms',
  stream: 'sms',
  streamId: '532',
  account: 'default',
  lane: 'normal',
  mode: 'sync',
  payload: { kind: 'json', body: '{}' },
  sendsToClient: false,
  reference: null,
  sendAt: null,
  expiresAt: null,
  onUnknown: 'hold',
  patienceEndsAt: Number.POSITIVE_INFINITY,
  requestId: 'bench',
  traceparent: null,
  resendOf: null,
  keepsRawAnswer: false,
};

/** A new pacer, open and with the most attempts in flight, as it is after some seconds without a 429. */
function openPacer(): Pacer {
  const pacer = createPacer({ random: Math.random, concurrency: 32, knownRate: null });
  for (let calls = 0; calls < 10_000; calls++) {
    const now = Date.now();
    const passes = Array.from({ length: pacer.room(now) }, () => pacer.enter(now));
    pacer.room(now);
    for (const pass of passes) pacer.succeeded(pass, now);
  }
  return pacer;
}

const pass = { periods: { quota: 0, connection: 0 }, inFlight: 1, startedAt: 0, pacedAt: 0, place: 0 };
const unlimited: Pacer = { ...openPacer(), room: () => 32, enter: () => pass };
const noted = { ...unlimited, succeeded: () => {}, opensAt: () => 0, period: 0, granted: 0 };

const common = {
  clock: systemClock,
  attempt: async () => sent,
  ledger: {
    begin: async () => true,
    settle: async () => 'held' as const,
    settleUnsent: async () => undefined,
    follow: () => {},
    undoTake: () => {},
    note: () => {},
  },
  credentials: { state: () => 'ok' as const, refused: async () => 'message' as const },
};

/** Sends messages, some at a time, and resolves with the microseconds that each took. */
async function timed(connect: (onSettled: () => void) => (message: Message) => void): Promise<number> {
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    let begun = 0;
    let ended = 0;
    const submit = connect(() => {
      if (++ended === MESSAGES) resolve();
      else if (begun < MESSAGES) next();
    });
    const next = () => submit(createMessage(draft, `msg_${++begun}`, Date.now(), false));
    for (let first = 0; first < AT_ONCE; first++) next();
  });
  return ((performance.now() - startedAt) * 1000) / MESSAGES;
}

function paced(): Promise<number> {
  const pacer = openPacer();
  return timed((onSettled) => {
    const dispatcher = createDispatcher({
      ...common,
      pacer,
      backlog: { mayHold: () => false, isTaking: () => false, notice: () => {}, take: async () => [] },
      observer: { attemptEnded: () => {}, settled: onSettled },
      policy: () => ({ weight: 1, criticalShare: 0.5 }),
      isStopped: () => false,
    });
    return (message) => dispatcher.submit(message);
  });
}

function unpaced(): Promise<number> {
  return timed((onSettled) => {
    const courier = createCourier({
      ...common,
      pacer: noted,
      returning: { record: () => {} },
      observer: { attemptEnded: () => {}, settled: () => {} },
      onFree: () => {},
      onReturned: () => {},
      onQueued: () => {},
      onFinal: onSettled,
    });
    return (message) => {
      moveTo(message, 'sending');
      courier.send(message);
    };
  });
}

function pacerAlone(): number {
  const pacer = openPacer();
  const startedAt = performance.now();
  for (let calls = 0; calls < MESSAGES; calls++) {
    const now = Date.now();
    if (pacer.room(now) < 1) throw new Error('the pacer was to be open');
    pacer.succeeded(pacer.enter(now), Date.now());
  }
  return ((performance.now() - startedAt) * 1000) / MESSAGES;
}

/** In this process, in rounds; the first ones, in which V8 still compiles, do not count. */
export async function measureCost(): Promise<CostFigures> {
  const rounds = [];
  for (let round = -3; round < ROUNDS; round++) {
    const figures = { unpaced: await unpaced(), paced: await paced(), pacer: pacerAlone() };
    if (round >= 0) rounds.push(figures);
  }
  return {
    paced: spreadOf(rounds.map((round) => round.paced)),
    unpaced: spreadOf(rounds.map((round) => round.unpaced)),
    difference: spreadOf(rounds.map((round) => round.paced - round.unpaced)),
    pacer: spreadOf(rounds.map((round) => round.pacer)),
  };
}
