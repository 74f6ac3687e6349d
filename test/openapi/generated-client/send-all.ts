import type { components } from './api.ts';
import { createClient } from './client.ts';

type SentMessage = components['schemas']['SentMessage'];
type Results = components['schemas']['BatchResults']['results'];

/** One message through every channel, and one of each in a batch. */
export async function sendAll(base: string, key: string): Promise<{ sent: SentMessage[]; results: Results }> {
  const { post } = createClient(base, key);
  const customer = { id: 'C-1', firstName: 'Dana', birthday: '1990-12-31', gender: 'F' } as const;
  const to = '+972544444444';
  const template = { name: 'order_shipped', language: 'he', params: ['4711'] };
  const email = { to: { email: 'dana@example.com', name: 'Dana' }, subject: 'Welcome', html: '<p>Hello</p>' };
  const sent: SentMessage[] = [
    await post('/v1/email', { ...email, cc: ['team@example.com'], status: 'sent', managerId: 12345 }, 201),
    await post('/v1/sms', { to: [to], text: 'hello', lane: 'normal', customer }, 201),
    await post('/v1/whatsapp', { to, text: 'hello', template, content: { any: { member: 1 } } }, 201),
    await post('/v1/chat', { to, text: 'hello', userIdentity: '9007199254740993', createChildObject: true }, 201),
  ];
  const { results } = await post('/v1/messages', { messages: [{ channel: 'sms', to, text: 'hello' }] }, 202);
  return { sent, results };
}

/** What must not compile: the types know what the gateway would refuse. */
export async function mistakes(base: string, key: string): Promise<void> {
  const { post } = createClient(base, key);
  // @ts-expect-error a field that is missing
  await post('/v1/sms', { to: '+972544444444' }, 201);
  // @ts-expect-error a field of another channel
  await post('/v1/sms', { to: '+972544444444', text: 'hello', subject: 'Hi' }, 201);
  // @ts-expect-error a value that is none of the enum
  await post('/v1/sms', { to: '+972544444444', text: 'hello', lane: 'urgent' }, 201);
  // @ts-expect-error a path that is none
  await post('/v1/fax', { to: '+972544444444', text: 'hello' }, 201);
}
