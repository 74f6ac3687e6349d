import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

/** Messages for `POST /v1/messages`, a thousand at a time. */
export interface BatchLoad {
  readonly kind: 'batch';
  readonly port: number;
  readonly key: string;
  readonly caller: string;
  readonly lane: string;
  readonly messages: number;
}

/** A message that comes by itself at its time, with `Prefer: respond-async`. */
export interface Arrival {
  readonly afterMs: number;
  readonly key: string;
  readonly text: string;
  readonly lane: string;
}

export interface ArrivalLoad {
  readonly kind: 'arrivals';
  readonly port: number;
  readonly arrivals: readonly Arrival[];
}

/** A 202: when it was asked for and when it came, and what it said. Epoch milliseconds. */
export interface Accepted {
  readonly text: string;
  readonly askedAt: number;
  readonly acceptedAt: number;
  readonly estimatedStart: number;
}

const LARGEST_BATCH = 1000;
const PHONE = '+972544444444';

async function post(port: number, path: string, key: string, body: object, prefer?: string): Promise<unknown> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(prefer === undefined ? {} : { prefer }),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 202) throw new Error(`the gateway answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}

/** Has all of them stored. @throws if one is refused. */
export async function runBatch({ port, key, caller, lane, messages }: BatchLoad): Promise<void> {
  for (let first = 0; first < messages; first += LARGEST_BATCH) {
    const size = Math.min(LARGEST_BATCH, messages - first);
    const batch = Array.from({ length: size }, (_, index) => {
      return { channel: 'sms', to: PHONE, text: `${caller}-${first + index + 1}`, lane };
    });
    const { results } = (await post(port, '/v1/messages', key, { messages: batch })) as { results: object[] };
    if (results.some((result) => 'problem' in result)) throw new Error('a message of a batch was refused');
  }
}

/** Has each message stored at its time. @throws if one is refused. */
export function runArrivals({ port, arrivals }: ArrivalLoad): Promise<Accepted[]> {
  return Promise.all(
    arrivals.map(async ({ afterMs, key, text, lane }) => {
      await delay(afterMs);
      const askedAt = Date.now();
      const body = { to: PHONE, text, lane };
      const answer = await post(port, '/v1/sms', key, body, 'respond-async');
      const { estimatedStart } = answer as { estimatedStart: string | null };
      // What has begun already has no estimate.
      const startsAt = estimatedStart === null ? Date.now() : Date.parse(estimatedStart);
      if (Number.isNaN(startsAt)) throw new Error(`estimatedStart is no time: ${estimatedStart}`);
      return { text, askedAt, acceptedAt: Date.now(), estimatedStart: startsAt };
    }),
  );
}
