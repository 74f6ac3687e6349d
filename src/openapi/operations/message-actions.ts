import type { ErrorResponses } from '../error-responses.ts';
import { messageExample, queuedExample, unknownExample } from '../examples.ts';
import { parameterRefs } from '../parameters.ts';
import type { Operation, Response, Route } from '../types.ts';
import { accepted, answer, json, sent } from './answers.ts';
import { BODY, DELIVERY, PERMISSION, STORED } from './codes.ts';

const ACTION = [...BODY, 'not_found', 'conflict', ...STORED] as const;

/** What may be done with one message afterwards. */
export function messageActionRoutes(errors: ErrorResponses): Route[] {
  const action = (name: string, operation: Omit<Operation, 'tags'>): Route => {
    return { method: 'post', path: `/v1/messages/{id}/${name}`, operation: { ...operation, tags: ['Messages'] } };
  };
  return [
    action('cancel', {
      operationId: 'cancelMessage',
      summary: 'Cancel a queued message',
      description: 'A `conflict` if it is not queued any more: exactly one of cancel and send wins.',
      parameters: parameterRefs('MessageId'),
      responses: { '200': messageAnswer('The message, canceled.', canceled), ...errors.of(ACTION) },
    }),
    action('resend', {
      operationId: 'resendMessage',
      summary: 'Send a message again, as a new one',
      description:
        'For one that is failed, unknown, expired or canceled, while its content is not erased. Today’s permissions apply. ' +
        'The answer is 202 as soon as the copy is stored; with `Prefer: wait=N` it waits so long for the result. ' +
        'A `conflict` with `outcome: not_sent` if its attachments are damaged or lie at another gateway: send it anew.',
      parameters: parameterRefs('MessageId', 'IdempotencyKey', 'PreferWait'),
      responses: {
        '201': {
          ...sent('sms'),
          description: 'The copy has been sent: within the `wait`, or after an earlier request with this key.',
        },
        '202': accepted,
        ...errors.of([...ACTION, ...PERMISSION, ...DELIVERY]),
      },
    }),
    action('reconcile', {
      operationId: 'reconcileMessage',
      summary: 'Look for an unknown message at CommBox',
      description: 'Sends nothing. If CommBox has exactly one such object, the message is `sent` from now on.',
      parameters: parameterRefs('MessageId'),
      responses: {
        '200': answer('The message, and what was found.', json('ReconciledMessage', { found: { value: reconciled } })),
        ...errors.of(ACTION),
      },
    }),
    action('resolve', {
      operationId: 'resolveMessage',
      summary: 'Say what became of an unknown message',
      parameters: parameterRefs('MessageId'),
      requestBody: {
        required: true,
        content: json('ResolveRequest', { failed: { summary: 'CommBox does not have it', value: { as: 'failed' } } }),
      },
      responses: { '200': messageAnswer('The message, resolved.', resolved), ...errors.of(ACTION) },
    }),
  ];
}

function messageAnswer(description: string, value: object): Response {
  return answer(description, json('Message', { after: { value } }));
}

const canceled = {
  ...queuedExample,
  ...{ status: 'canceled', waitingFor: null, waitingSince: null, code: 'conflict', outcome: 'not_sent' },
};

const resolved = { ...unknownExample, status: 'failed', outcome: 'not_sent' };

const reconciled = {
  ...messageExample,
  reconciliation: { found: 1, objectIds: [messageExample.objectId], isResolved: true },
};
