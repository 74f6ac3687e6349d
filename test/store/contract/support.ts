import type { Test } from 'tap';
import type { Flow } from '../../../src/store/flows.ts';
import type { MessageRow } from '../../../src/store/message-row.ts';
import type { NewMessage, Settlement, TakePick, TakeRequest } from '../../../src/store/requests.ts';
import type { Store } from '../../../src/store/store.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';
import type { CreatePlace, StorePlace } from '../contract.ts';

export const LEASE_MS = 10_000;
export const HOUR_MS = 3_600_000;
export const RESEND = { attempts: 3, delayMs: 30_000 };

export interface Stage {
  readonly clock: ManualClock;
  readonly place: StorePlace;
  /** A process with a lease; closed with the test. */
  process(owner: string): Promise<Store>;
  row(members?: Partial<MessageRow>): MessageRow;
}

/** A fresh place, a clock that stands still, and rows dated by it. */
export async function stage(t: Test, createPlace: CreatePlace): Promise<Stage> {
  const clock = createManualClock();
  const place = await createPlace(t);
  let before: Promise<unknown> = Promise.resolve();
  const open = async (owner: string) => {
    const store = await place.open({ owner, clock });
    t.teardown(() => store.close());
    await store.heartbeat(clock.now(), LEASE_MS);
    return store;
  };
  return {
    clock,
    place,
    // One after the other: SQLite does not wait for another process that makes the same new file ready.
    process(owner) {
      const opened = before.then(() => open(owner));
      before = opened.catch(() => undefined);
      return opened;
    },
    row: (members) => createRow(clock.now(), members),
  };
}

let sequence = 0;

export function createRow(now: number, members: Partial<MessageRow> = {}): MessageRow {
  sequence++;
  return {
    id: `msg_${String(sequence).padStart(8, '0')}`,
    caller: 'billing',
    account: 'default',
    channel: 'sms',
    stream: 'sms',
    streamId: '532',
    lane: 'normal',
    mode: 'async',
    reference: null,
    onUnknown: 'hold',
    sendsToClient: false,
    keepsRawAnswer: false,
    createdAt: now,
    sendAt: null,
    expiresAt: null,
    requestId: `r-${sequence}`,
    traceparent: null,
    resendOf: null,
    state: 'queued',
    payload: { kind: 'json', body: '{"data":{"Message":"hello"}}' },
    payloadBytes: 28,
    attempts: [],
    unclear: null,
    failure: null,
    objectId: null,
    sentAt: null,
    endedAt: null,
    readyAt: 0,
    ...members,
  };
}

/** Of one flow: that of {@link createRow}, unless told otherwise. */
export function picking(
  now: number,
  limit: number,
  { account = 'default', ...members }: Partial<TakePick & Flow> = {},
): TakeRequest {
  return { account, now, picks: [{ lane: 'normal', caller: 'billing', limit, ...members }] };
}

export function keyed(row: MessageRow, scope: string, fingerprint = 'f-1'): NewMessage {
  return { row, key: { scope, fingerprint } };
}

export async function insertRows(store: Store, ...rows: MessageRow[]): Promise<void> {
  await store.insert(rows.map((row) => ({ row, key: null })));
}

/** The end of an attempt that CommBox took, erasing as the gateway does. */
export function sent(id: string, now: number, members: Partial<Settlement> = {}): Settlement {
  return {
    id,
    state: 'sent',
    attempt: { at: now, durationMs: 12, outcome: 'sent', upstreamStatus: 200 },
    objectId: '294159',
    sentAt: now,
    endedAt: now,
    erase: true,
    key: null,
    ...members,
  };
}

export const unclear = {
  code: 'commbox_timeout',
  outcome: 'unknown',
  detail: 'CommBox did not answer in time.',
  upstream: { status: 504, description: 'Gateway Time-out' },
} as const;

/** An attempt without an answer, after which the message goes where `state` says. */
export function unclearEnd(id: string, now: number, members: Partial<Settlement> = {}): Settlement {
  return {
    id,
    state: 'unknown',
    attempt: { at: now, durationMs: 30_000, outcome: 'unclear', upstreamStatus: null },
    unclear,
    failure: unclear,
    endedAt: now,
    erase: false,
    key: null,
    ...members,
  };
}

export const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

export async function stateOf(store: Store, id: string): Promise<string | undefined> {
  return (await store.get(id))?.state;
}

/** Asks again until the answer is not null; every question is real work of the store, so nothing is waited out. */
export async function eventually<T>(ask: () => Promise<T | null>): Promise<T> {
  for (let i = 0; i < 2000; i++) {
    const answer = await ask();
    if (answer !== null) return answer;
  }
  throw new Error('it never came');
}
