import { asCaller, callersYaml } from './callers.ts';
import { type Suite, sms, until } from './stage.ts';

const DAY_MS = 86_400_000;
const RATE = 20;
const MANY = 600;
const yaml = callersYaml({ shop: '', bank: '' });

/** What everybody else hears while somebody has scheduled very much. */
export const scheduledCampaign: Suite = (t, start) => {
  t.test('what is scheduled for tomorrow is before nobody today, and before many tomorrow', async (t) => {
    const { post, clock } = await start(t, { yaml, env: { UPSTREAM_RATE: String(RATE) } });
    const sendAt = new Date(clock.now() + DAY_MS).toISOString();
    const messages = Array.from({ length: MANY }, (_, n) => ({ channel: 'sms', ...sms(`${n}`, { sendAt }) }));
    t.equal((await post('/v1/messages', { messages }, asCaller('shop'))).status, 202);

    const plain = (caller: string, wait: number) =>
      post('/v1/sms', sms('plain'), { ...asCaller(caller), prefer: `wait=${wait}` });
    const expectNobodyBefore = async () => {
      const together = await Promise.all(Array.from({ length: 4 }, () => plain('shop', 10)));
      t.strictSame(
        together.map(({ status }) => status),
        [201, 201, 201, 201],
        'nothing is refused for it',
      );
      for (const caller of ['shop', 'bank']) {
        const accepted = await post('/v1/sms', sms('now'), { ...asCaller(caller), prefer: 'respond-async' });
        const { position, estimatedStart } = accepted.json();
        t.ok(Number(position) <= 1, `${caller} is at ${position}`);
        const startsInMs = Date.parse(String(estimatedStart)) - clock.now();
        t.ok(startsInMs < 1_000, `${caller} starts in ${startsInMs} ms`);
      }
    };
    await expectNobodyBefore();
    for (let seconds = 0; seconds < 5; seconds++) {
      clock.jump(1_001);
      await plain('bank', 10);
    }
    await expectNobodyBefore();

    clock.jump(DAY_MS);
    await until(async () => {
      const { status, headers } = await plain('shop', 1);
      return status === 429 && Number(headers['retry-after']) > (0.8 * MANY) / RATE;
    });
    t.equal((await plain('bank', 10)).status, 201, 'and even then before no other caller');
  });
};
