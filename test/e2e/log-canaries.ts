import { COMMBOX_KEY, GATEWAY_KEY } from '../support/gateway.ts';

// Every one of them would be a leak. They are told apart so that a failure names what leaked.
export const canaries = {
  text: 'canary-text',
  subject: 'canary-subject',
  address: 'canary@example.com',
  name: 'CanaryName',
  customerId: 'canary-customer-id',
  remarks: 'canary-remarks',
  file: 'canary-file.pdf',
  content: 'canary-content',
  reference: 'canary-reference',
  phone: '972545550199',
  description: 'canary-description',
  unknownField: 'canaryField',
  commboxKey: COMMBOX_KEY,
  gatewayKey: GATEWAY_KEY,
  wrongKey: 'canary-wrong-key',
} as const;

const customer = {
  id: canaries.customerId,
  firstName: canaries.name,
  phone: canaries.phone,
  email: canaries.address,
  remarks: canaries.remarks,
};
const common = { text: canaries.text, customer, reference: canaries.reference, content: { x: canaries.content } };
/** Messages that hold them all. */
export const sms = { to: `+${canaries.phone}`, ...common };
export const email = { to: { email: canaries.address, name: canaries.name }, subject: canaries.subject, ...common };

/** The names of those that this text holds. */
export function leaks(text: string): string[] {
  return Object.entries(canaries).flatMap(([name, canary]) => (text.includes(canary) ? [name] : []));
}

/** Every field that a line of the log may have. */
export const allowedFields: readonly string[] = [
  ...['level', 'time', 'msg', 'requestId', 'traceId', 'method', 'route', 'status', 'durationMs', 'caller'],
  ...['messageId', 'channel', 'stream', 'lane', 'state', 'attempts', 'replayed', 'callerLeft'],
  ...['code', 'outcome', 'upstreamStatus', 'errorName', 'errorCode', 'errorAt'],
  ...['account', 'attempt', 'result'],
];
