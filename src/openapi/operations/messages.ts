import type { ErrorResponses } from '../error-responses.ts';
import { messageExample, queuedExample } from '../examples.ts';
import { parameterRefs } from '../parameters.ts';
import type { Parameter, Route } from '../types.ts';
import { answer, json } from './answers.ts';
import { BODY, STORED } from './codes.ts';

const FOUND = ['invalid_request', 'not_found', ...STORED] as const;

/** Looking at messages, and stopping many. `listParameters` are those of the list's query. */
export function messageRoutes(errors: ErrorResponses, listParameters: readonly Parameter[]): Route[] {
  const tags = ['Messages'];
  return [
    {
      method: 'get',
      path: '/v1/messages',
      operation: {
        operationId: 'listMessages',
        tags,
        summary: 'List messages',
        description: 'Newest first. A caller sees its own messages, an admin all.',
        parameters: [...listParameters, ...parameterRefs()],
        responses: {
          '200': answer(
            'One page.',
            json('MessageList', { page: { value: { messages: [messageExample], nextCursor: null } } }),
          ),
          ...errors.of(['invalid_request', 'forbidden', ...STORED]),
        },
      },
    },
    {
      method: 'get',
      path: '/v1/messages/{id}',
      operation: {
        operationId: 'getMessage',
        tags,
        summary: 'Look at a message',
        parameters: parameterRefs('MessageId', 'PreferWait'),
        responses: {
          '200': answer(
            'The message.',
            json('Message', {
              sent: { summary: 'Sent', value: messageExample },
              queued: { summary: 'Waiting', value: queuedExample },
            }),
          ),
          ...errors.of(FOUND),
        },
      },
    },
    {
      method: 'post',
      path: '/v1/messages/cancel',
      operation: {
        operationId: 'cancelMessages',
        tags,
        summary: 'Cancel all queued messages that match',
        description:
          "The list's filters as a body, one at least; or `all` for every queued message that this caller sees.",
        parameters: parameterRefs(),
        requestBody: {
          required: true,
          content: json('MessageFilter', {
            campaign: { summary: 'All with a reference', value: { reference: 'campaign-7' } },
            all: { summary: 'Whatever waits', value: { all: true } },
          }),
        },
        responses: {
          '200': answer('How many were stopped.', json('CanceledCount', { some: { value: { canceled: 212 } } })),
          ...errors.of([...BODY, 'forbidden', ...STORED]),
        },
      },
    },
  ];
}
