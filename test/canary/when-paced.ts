import type { Answer } from '../http/call.ts';
import { messagesOf } from './person.ts';
import { people, type Stage } from './stage.ts';

/** The answer to an SMS that was let out: how much pace there is depends on what came before, and on how fast it went. */
export async function sendWhenPaced({ ask, clock }: Stage): Promise<Answer> {
  for (;;) {
    const answer = await ask('billing', 'POST /v1/sms', { body: messagesOf.sms(people.billing) });
    if (answer.json()['code'] !== 'commbox_throttled') return answer;
    clock.jump(16_000);
  }
}
