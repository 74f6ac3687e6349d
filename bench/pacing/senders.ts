import pRetry from 'p-retry';
import pThrottle from 'p-throttle';
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { COMMBOX_KEY, STREAM_ID } from '../payloads.ts';
import { QUOTA } from './scenarios.ts';

export const senderNames = ['gateway', 'undici', 'p-retry', 'p-throttle'] as const;
export type SenderName = (typeof senderNames)[number];

export const senderTitles: Record<SenderName, string> = {
  gateway: 'gateway',
  undici: 'undici `retry`',
  'p-retry': '`p-retry`',
  'p-throttle': '`p-throttle`, knows 20/s',
};

/** Where a message goes, and with which key: to the gateway with the caller's, else straight to CommBox. */
export interface Target {
  readonly port: number;
  readonly key: string;
  /** Of the gateway's; default: the one for text messages. */
  readonly stream?: string;
}

/** Sends one text until it is taken or given up. Resolves with whether it was taken. */
export type Send = (text: string, target: Target) => Promise<boolean>;

const PHONE = '972544444444';
// The default of `p-retry`; without a cap the last pauses would take minutes, so it gets the one that undici has.
const RETRIES = 10;
const LONGEST_PAUSE_MS = 30_000;
const NO_TIMEOUT = { headersTimeout: 0, bodyTimeout: 0 } as const;

async function post(dispatcher: Dispatcher, path: string, { port, key }: Target, body: object): Promise<number> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    dispatcher,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.body.dump();
  return answer.statusCode;
}

/** The call to CommBox as a service makes it. */
function callCommbox(dispatcher: Dispatcher, text: string, { port }: Target): Promise<number> {
  const identity = { StreamProviderType: 5, UserStreamProviderType: 5, UserStreamProviderId: PHONE };
  const data = { Type: 4, StatusId: 1, ...identity, ManagerId: 36197, Message: text };
  return post(dispatcher, `/streams/${STREAM_ID}/objects`, { port, key: COMMBOX_KEY }, { data });
}

class Throttled extends Error {}

/** One of the ways to send that are compared. All callers of a run share what is made here. */
export function createSend(name: SenderName): Send {
  const agent = new Agent(NO_TIMEOUT);
  switch (name) {
    case 'gateway':
      return async (text, target) => {
        const { stream = 'sms' } = target;
        return (await post(agent, '/v1/sms', target, { to: `+${PHONE}`, text, stream })) === 201;
      };
    case 'undici': {
      const retrying = agent.compose(interceptors.retry({ methods: ['POST'], statusCodes: [429] }));
      return async (text, target) => (await callCommbox(retrying, text, target)) === 200;
    }
    case 'p-retry': {
      const options = { retries: RETRIES, maxTimeout: LONGEST_PAUSE_MS, randomize: true };
      return (text, target) =>
        pRetry(async () => {
          const status = await callCommbox(agent, text, target);
          if (status === 429) throw new Throttled();
          return status === 200;
        }, options);
    }
    case 'p-throttle': {
      const throttled = pThrottle({ limit: QUOTA, interval: 1000, strict: true })(callCommbox);
      return async (text, target) => {
        for (let tries = 0; tries <= RETRIES; tries++) {
          const status = await throttled(agent, text, target);
          if (status !== 429) return status === 200;
        }
        return false;
      };
    }
  }
}
