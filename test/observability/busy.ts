import type { Store } from '../../src/store/store.ts';
import type { Exposition } from './exposition.ts';
import { idleAccount, stage } from './stage.ts';

/** What is scraped from a gateway of which every metric has something to say. */
export async function scrapeBusy(): Promise<{ readonly text: string; readonly exposition: Exposition }> {
  const { metrics, read, clock } = stage({
    accounts: () => [{ ...idleAccount, rate: 5, keysExpireAt: { current: clock.now(), next: clock.now() } }],
    backlog: async () => [{ account: 'default', lane: 'bulk', messages: 1, oldestDueAt: clock.now() - 1_000 }],
  });
  const request = { method: 'POST', route: '/v1/sms', status: 201, caller: 'shop', durationMs: 12 };
  metrics.requestEnded(request);
  const attempts = [{ at: clock.now(), durationMs: 5, outcome: 'throttled', upstreamStatus: 429 }];
  const message = { account: 'default', channel: 'sms', lane: 'normal', caller: 'shop', sendAt: null } as const;
  const throttled = { kind: 'throttled', durationMs: 5, retryAfterMs: null } as const;
  metrics.attemptEnded({ ...message, createdAt: clock.now(), attempts }, throttled);
  await metrics.meterStore({ check: async () => undefined } as unknown as Store).check();
  const { body } = await metrics.scrape();
  return { text: body, exposition: await read() };
}
