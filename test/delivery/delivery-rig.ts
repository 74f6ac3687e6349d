import type { Spool } from '../../src/attachments/spool.ts';
import { createDelivery } from '../../src/delivery/delivery.ts';
import type { Dispatcher } from '../../src/delivery/dispatcher.ts';
import type { Draft, Message } from '../../src/delivery/message.ts';
import type { FlowBacklog } from '../../src/store/flows.ts';
import type { InsertResult, NewMessage } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const file = { path: '/spool/a', name: 'a.txt', contentType: null, size: 1, sha256: 'x' };
export const files: Draft['payload'] = { kind: 'multipart', data: '{}', files: [file] };
export const key = { scope: 's', fingerprint: 'f' };
export const answer = { status: 202, headers: {}, body: '', isBinary: false };

/** A draft as a route makes it. */
export const draft = (members: Partial<Draft> = {}): Draft => ({ ...queuedMessage(0, members), ...members }) as Draft;
export const asyncDraft = (members: Partial<Draft> = {}) => draft({ mode: 'async', ...members });

export function createDeliveryRig(methods: Partial<Store> = {}) {
  const clock = createManualClock();
  const events: string[] = [];
  const inserted: NewMessage[] = [];
  const submitted: Message[] = [];
  const counted: (readonly FlowBacklog[])[] = [];
  const revoked: string[] = [];
  /** Scopes of keys under which something is being taken back. */
  const held = new Set<string>();
  let serial = 0;
  let waiting = 3;
  const insert: Store['insert'] = async (messages) => {
    events.push('insert');
    inserted.push(...messages);
    return messages.map((): InsertResult => ({ kind: 'inserted' }));
  };
  const dispatcher: Partial<Dispatcher> = {
    submit(message) {
      events.push('submit');
      submitted.push(message);
    },
    withdraw: () => void events.push('withdraw'),
    wake: (flow) => void events.push(`wake ${flow?.caller}`),
    outlook: {
      accepted: () => waiting++,
      counted(flows, changes) {
        counted.push(flows);
        events.push(`counted ${changes}`);
      },
      get changes() {
        return waiting;
      },
    },
    stop: () => void events.push('stop'),
    idle: async () => void events.push('idle'),
    cancel: (message) => message.state === 'queued',
  };
  // Of what got no answer, nothing is there.
  const nothing = {
    get: async () => null,
    wereStored: async (rows) => rows.map(() => false),
  } satisfies Partial<Store>;
  const spool: Partial<Spool> = {
    sync: async () => void events.push('sync'),
    remove: async () => void events.push('remove'),
  };
  const delivery = createDelivery({
    clock,
    nextId: () => `msg_${++serial}`,
    dispatchers: new Map([['default', dispatcher as Dispatcher]]),
    store: createFakeStore({ insert, queuedCount: async () => 7, ...nothing, ...methods }),
    spool: spool as Spool,
    watch: { wait: async () => null, ended: (id) => void events.push(`ended ${id}`) },
    ledger: {
      follow: () => {},
    },
    revocations: {
      add: ({ messages, keys }) => {
        revoked.push(...messages.map(({ id }) => id));
        for (const { scope } of keys) held.add(scope);
      },
      holds: (scope) => held.has(scope),
    },
    queueLimit: 10,
    keepKeysMs: 1_000,
  });
  return { delivery, clock, events, inserted, submitted, counted, revoked, held };
}
