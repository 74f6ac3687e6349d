import type { Test } from 'tap';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../src/simulator/server.ts';
import type { RequestHeaders } from '../../http/call.ts';
import { COMMBOX_KEY, type Gateway, type GatewayOptions, least, startGateway } from '../../support/gateway.ts';
import { createJumpingClock, type JumpingClock } from './jumping-clock.ts';
import type { CreateStorage, Storage } from './storage.ts';

/** What `GET /v1/messages/{id}` says. */
export type View = Readonly<Record<string, unknown>> & { readonly id: string; readonly status: string };

/** A gateway whose messages outlive it. */
export interface StoredGateway extends Gateway {
  readonly clock: JumpingClock;
  readonly storage: Storage;
  /** Posts to be answered before it is sent, and gives the id. The message is the least SMS unless stated. */
  accept(message?: object, headers?: RequestHeaders, path?: string): Promise<string>;
  view(id: string, headers?: RequestHeaders): Promise<View>;
  /** The message, once it is in this state; time moves on while it is not, if `stepMs` says so. */
  reaches(id: string, status: string, stepMs?: number): Promise<View>;
}

export interface StageOptions extends Omit<GatewayOptions, 'commbox' | 'dataDir' | 'clock' | 'simulator'> {
  readonly commbox?: Simulator;
  readonly storage?: Storage;
  /** How the simulator behaves, if none is given. */
  readonly simulator?: SimulatorOptions;
}

/** Starts gateways on storage of their own, or on one that an earlier gateway used. */
export type StartStored = (t: Test, options?: StageOptions) => Promise<StoredGateway>;

/** One suite, for every kind of storage. */
export type Suite = (t: Test, start: StartStored) => void | Promise<void>;

export function startOn(createStorage: CreateStorage): StartStored {
  return async (t, { storage: given, env = {}, simulator, commbox: shared, ...options } = {}) => {
    const storage = given ?? (await createStorage(t));
    const clock = createJumpingClock();
    const commbox = shared ?? (await startSimulator({ keys: [COMMBOX_KEY], ...simulator }));
    const { dataDir } = storage;
    const gateway = await startGateway(t, { ...options, commbox, dataDir, clock, env: { ...storage.env, ...env } });
    // Teardowns run backwards, and a frozen gateway cannot end.
    t.teardown(() => clock.resume());

    const view = async (id: string, headers?: RequestHeaders) =>
      (await gateway.get(`/v1/messages/${id}`, headers)).json() as View;
    return {
      ...gateway,
      clock,
      storage,
      view,
      async accept(message = least.sms, headers = {}, path = '/v1/sms') {
        const answer = await gateway.post(path, message, { prefer: 'respond-async', ...headers });
        if (answer.status !== 202) throw new Error(`not accepted: ${answer.status} ${answer.text}`);
        return String(answer.json()['id']);
      },
      async reaches(id, status, stepMs = 0) {
        let seen = await view(id);
        await until(
          async () => {
            if (seen.status === status) return true;
            clock.jump(stepMs);
            seen = await view(id);
            return seen.status === status;
          },
          () => `${id} is ${JSON.stringify(seen)}, not ${status}`,
        );
        return seen;
      },
    };
  };
}

const PATIENCE_MS = 60_000;

/** Asks again until it is so. Every question is real work, so nothing is slept through. */
export async function until(isSo: () => Promise<boolean>, complaint = () => 'it never came to be'): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await isSo()); ) {
    if (performance.now() > end) throw new Error(complaint());
  }
}

/** The texts that CommBox received, in their order. */
export function textsAt(commbox: Simulator, outcome?: 'recorded' | 'refused'): string[] {
  const calls = commbox.received(outcome === undefined ? {} : { outcome });
  return calls.map(({ object }) => (object as { Message: string }).Message);
}

/** The least SMS with another text. */
export const sms = (text: string, more: object = {}) => ({ ...least.sms, text, ...more });
