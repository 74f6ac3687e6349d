import { channels } from '../../channels/list.ts';
import type { ErrorResponses } from '../error-responses.ts';
import { MESSAGE_ID, problemExample } from '../examples.ts';
import { parameterRefs } from '../parameters.ts';
import type { Route } from '../types.ts';
import { answer, json } from './answers.ts';
import { BODY, STORED } from './codes.ts';

/** `POST /v1/messages`. */
export function batchRoutes(errors: ErrorResponses): Route[] {
  const messages = Object.values(channels).flatMap(({ name, examples }) =>
    examples.slice(0, 1).map(({ request }) => ({ channel: name, ...request, idempotencyKey: `news-4711-${name}` })),
  );
  const results = [{ id: MESSAGE_ID, status: 'queued' }, { problem: problemExample('invalid_request') }];
  return [
    {
      method: 'post',
      path: '/v1/messages',
      operation: {
        operationId: 'sendBatch',
        tags: ['Sending'],
        summary: 'Send many messages',
        description:
          'Always stored and answered before they are sent. A bad message becomes a `problem` at its place and does not hold up good ones. The header `Idempotency-Key` covers the whole batch, `idempotencyKey` a message.',
        parameters: parameterRefs('IdempotencyKey'),
        requestBody: {
          required: true,
          content: json('BatchRequest', {
            'one-of-each': { summary: 'A message of each channel', value: { messages } },
          }),
        },
        responses: {
          '202': answer(
            'What became of each message, in order.',
            json('BatchResults', { mixed: { summary: 'One accepted, one refused', value: { results } } }),
            'Idempotency-Replayed',
          ),
          ...errors.of([...BODY, 'idempotency_mismatch', ...STORED, 'shutting_down']),
        },
      },
    },
  ];
}
