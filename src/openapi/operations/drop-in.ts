import { channels } from '../../channels/list.ts';
import type { ErrorResponses } from '../error-responses.ts';
import { acceptedExample, envelopeExample } from '../examples.ts';
import { parameterRefs } from '../parameters.ts';
import { type Parameter, type Response, type Route, ref } from '../types.ts';
import { answer, json } from './answers.ts';
import { formOf } from './channels.ts';
import { BODY, DELIVERY, STORED } from './codes.ts';

const streamId: Parameter = {
  name: 'streamId',
  in: 'path',
  required: true,
  description: 'CommBox stream id, such as `532` or `pE6q0uPbXiwBNLiTvKsDMw==`, percent-encoded as one path segment.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** CommBox's own call, for services that already speak to CommBox. */
export function dropInRoutes(errors: ErrorResponses): Route[] {
  const objects = Object.fromEntries(
    Object.values(channels).flatMap(({ name, title, examples }) =>
      examples.slice(0, 1).map(({ object }) => [name, { summary: title, value: object }] as const),
    ),
  );
  const wrapped = Object.entries(objects).map(([name, { summary, value }]) => {
    return [name, { summary, value: { data: value } }] as const;
  });
  const content = {
    'application/json': { schema: ref('schemas', 'DropInRequest'), examples: Object.fromEntries(wrapped) },
    'multipart/form-data': formOf(ref('schemas', 'CommboxObject'), objects),
  };
  const codes = [...BODY, 'forbidden', 'recipient_not_allowed', ...DELIVERY, ...STORED] as const;
  return [
    {
      method: 'post',
      path: '/streams/{streamId}/objects',
      operation: {
        operationId: 'createObject',
        tags: ["CommBox's own call"],
        summary: 'Create an object as at CommBox',
        description:
          'Takes and answers what CommBox does: change the base URL and the key. JSON goes on byte for byte; CommBox’s 2xx, 400, 404 and 5xx come back as they came.',
        parameters: [streamId, ...parameterRefs('IdempotencyKey', 'Prefer', 'GatewayLane')],
        requestBody: { required: true, content },
        responses: {
          '200': answer(
            "CommBox's answer, with any 2xx of its own.",
            json('CommboxEnvelope', { created: { value: envelopeExample } }),
            'Gateway-Message-Id',
            'Gateway-Outcome',
            'Idempotency-Replayed',
          ),
          '202': accepted,
          ...errors.of(codes, 'dropIn'),
          '5XX': passedOn,
        },
      },
    },
  ];
}

const accepted = answer(
  'With `Prefer: respond-async`: the gateway has the message on disk.',
  json('AcceptedMessage', { accepted: { value: acceptedExample } }),
  'Location',
  'Preference-Applied',
  'Gateway-Message-Id',
  'Gateway-Outcome',
);

const passedOn: Response = answer(
  'Any other 5xx of CommBox, as it came, whatever its type.',
  json('CommboxEnvelope'),
  'Gateway-Message-Id',
  'Gateway-Outcome',
  'Idempotency-Replayed',
);
