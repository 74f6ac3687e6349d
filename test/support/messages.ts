import { createMessage, type Draft, type Message } from '../../src/delivery/message.ts';

let sequence = 0;

/** A queued SMS with room for everything; members can be replaced. */
export function queuedMessage(now: number, members: Partial<Draft> = {}): Message {
  const draft: Draft = {
    caller: 'shop',
    channel: 'sms',
    stream: 'sms',
    streamId: '532',
    account: 'default',
    lane: 'normal',
    payload: { kind: 'json', body: '{"data":{"Message":"hello"}}' },
    sendsToClient: false,
    reference: null,
    sendAt: null,
    expiresAt: null,
    onUnknown: 'hold',
    patienceEndsAt: now + 10_000,
    requestId: 'r-1',
    traceparent: null,
    mode: 'sync',
    resendOf: null,
    keepsRawAnswer: false,
    ...members,
  };
  sequence++;
  return createMessage(draft, `msg_${String(sequence).padStart(6, '0')}`, now, false);
}
