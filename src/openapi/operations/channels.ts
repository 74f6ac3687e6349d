import { type Channel, channelNames } from '../../channels/channel.ts';
import { channels } from '../../channels/list.ts';
import type { ErrorResponses } from '../error-responses.ts';
import { parameterRefs } from '../parameters.ts';
import { type Content, type Example, type Route, ref } from '../types.ts';
import { accepted, answer, json, sent } from './answers.ts';
import { BODY, CALLER, DELIVERY, PERMISSION, STORED } from './codes.ts';

/** `POST /v1/{channel}` and its preview, for every channel. */
export function channelRoutes(errors: ErrorResponses): Route[] {
  return channelNames.flatMap((name) => routesOf(channels[name], errors));
}

/** Component name of a channel's request. */
export function requestName({ name }: Channel): string {
  return `${capitalized(name)}Request`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function routesOf(channel: Channel, errors: ErrorResponses): Route[] {
  const { name, title } = channel;
  const requestBody = { required: true, content: requestContent(channel) };
  return [
    {
      method: 'post',
      path: `/v1/${name}`,
      operation: {
        operationId: `send${capitalized(name)}`,
        tags: ['Sending'],
        summary: `Send: ${title}`,
        description:
          'Waits for its turn at CommBox, and the answer is final; with `Prefer: respond-async`, or a `sendAt` beyond that wait, answered once the message is stored. Required fields may be left out where the stream presets them.',
        parameters: parameterRefs('IdempotencyKey', 'Prefer'),
        requestBody,
        responses: {
          '201': sent(name),
          '202': accepted,
          ...errors.of([...BODY, ...PERMISSION, ...DELIVERY, ...STORED]),
        },
      },
    },
    {
      method: 'post',
      path: `/v1/${name}/preview`,
      operation: {
        operationId: `preview${capitalized(name)}`,
        tags: ['Sending'],
        summary: `Preview: ${title}`,
        description: 'The CommBox object that would be sent. Checks everything, and sends nothing.',
        parameters: parameterRefs('Prefer'),
        requestBody,
        responses: {
          '200': answer('The object.', json('CommboxObject', objectExamples(channel))),
          ...errors.of([...BODY, ...PERMISSION, ...CALLER, 'storage_unavailable']),
        },
      },
    },
  ];
}

function requestContent(channel: Channel): Content {
  const schema = ref('schemas', requestName(channel));
  const examples = requestExamples(channel);
  const jsonBody = { 'application/json': { schema, examples } };
  if (channel.name !== 'email') return jsonBody;
  return { ...jsonBody, 'multipart/form-data': formOf(schema, examples) };
}

/** A form with the request as JSON in one part, and files in others. */
export function formOf(data: object, requests: Readonly<Record<string, Example>>) {
  const file = { type: 'string', contentMediaType: 'application/octet-stream' };
  const properties = { data, file: { type: 'array', items: file, description: 'A part for each file.' } };
  const examples = Object.entries(requests).map(([name, { summary, value }]) => {
    return [name, { ...(summary !== undefined && { summary }), value: { data: value, file: [] } }] as const;
  });
  return {
    schema: { type: 'object', required: ['data'], properties },
    encoding: { data: { contentType: 'application/json' } },
    examples: Object.fromEntries(examples),
  };
}

/** The reference examples of a channel, by a name made of their summary. */
export function requestExamples(channel: Channel): Readonly<Record<string, Example>> {
  return examplesOf(channel, ({ request }) => request);
}

function objectExamples(channel: Channel): Readonly<Record<string, Example>> {
  return examplesOf(channel, ({ object }) => object);
}

function examplesOf(channel: Channel, read: (example: Channel['examples'][number]) => unknown) {
  return Object.fromEntries(
    channel.examples.map((example) => {
      const { summary } = example;
      const name = summary.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
      return [name.replace(/-$/, ''), { summary, value: read(example) }];
    }),
  );
}
