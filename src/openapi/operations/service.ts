import type { ErrorResponses } from '../error-responses.ts';
import { openHeaders } from '../headers.ts';
import { parameterRefs } from '../parameters.ts';
import type { Content, Example, Operation, Response, Responses, Route } from '../types.ts';
import { answer, json } from './answers.ts';
import { CALLER } from './codes.ts';

const caller = {
  ...{ caller: 'billing', admin: false, channels: ['email', 'sms'], rawIds: false, lanes: ['normal', 'bulk'] },
  streams: [{ alias: 'invoices', channel: 'email' }],
  ...{ defaultLane: 'normal', weight: 1, criticalShare: 0.5, rateLimit: { max: 600, windowSeconds: 60 } },
};

/** Health routes are answered whatever the load. */
const OPEN = ['overloaded', 'internal_error'] as const;

/** What tells about the gateway itself. */
export function serviceRoutes(errors: ErrorResponses): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/me',
      operation: {
        operationId: 'getMe',
        tags: ['The gateway'],
        summary: 'What this caller may do',
        parameters: parameterRefs(),
        responses: {
          '200': answer('Its channels, streams, lanes and limits.', json('Me', { billing: { value: caller } })),
          ...errors.of(CALLER),
        },
      },
    },
    {
      method: 'get',
      path: '/metrics',
      operation: {
        operationId: 'getMetrics',
        tags: ['The gateway'],
        summary: 'Figures for Prometheus',
        description: 'For admins. Not here, but on a listener of its own without a key, if `METRICS_PORT` is set.',
        parameters: parameterRefs(),
        responses: {
          '200': answer('Prometheus text format.', { 'text/plain': { schema: { type: 'string' } } }),
          ...errors.of(['forbidden', ...CALLER]),
        },
      },
    },
    open('/livez', 'getLiveness', 'Does the process answer?', {
      '200': openAnswer('It does.', json('Liveness', value({ status: 'ok' }))),
    }),
    open('/readyz', 'getReadiness', 'Can it do its work?', {
      '200': openAnswer('It can.', json('Readiness', value({ status: 'ready', reasons: [], warnings: [] }))),
      '503': openAnswer(
        'Not now.',
        json('Readiness', value({ status: 'not_ready', reasons: ['shutting down'], warnings: [] })),
      ),
    }),
    open('/openapi.json', 'getOpenapi', 'This document', {
      '200': cached('OpenAPI 3.1.', {
        'application/json': { schema: { type: 'object', additionalProperties: true } },
      }),
      '304': unchanged,
      ...errors.of(OPEN),
    }),
    open('/docs', 'getDocs', 'This document as a page', {
      '200': cached('The page. It loads nothing from elsewhere.', { 'text/html': { schema: { type: 'string' } } }),
      '304': unchanged,
      ...errors.of(OPEN),
    }),
  ];
}

/** A route that needs no key. */
function open(path: string, operationId: string, summary: string, responses: Responses): Route {
  const operation: Operation = {
    operationId,
    tags: ['The gateway'],
    summary,
    parameters: parameterRefs(),
    responses,
    security: [],
  };
  return { method: 'get', path, operation };
}

function cached(description: string, content: Content): Response {
  return { description, headers: openHeaders('ETag'), content };
}

const unchanged: Response = { description: 'It is the one of `If-None-Match`.', headers: openHeaders('ETag') };

function openAnswer(description: string, content: Content): Response {
  return { description, headers: openHeaders(), content };
}

function value(example: object): Readonly<Record<string, Example>> {
  return { answer: { value: example } };
}
