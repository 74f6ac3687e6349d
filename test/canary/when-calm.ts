import { type Answer, type Call, call } from '../http/call.ts';

const BUSY = 'has more to do than it can';

/** One request, repeated while it is turned away because the machine is busy, with other tests as a rule. */
export async function callWhenCalm(port: number, request: Call): Promise<Answer> {
  for (;;) {
    const answer = await call(port, request);
    if (!answer.text.includes(BUSY)) return answer;
  }
}
