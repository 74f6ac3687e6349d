import type { TObject } from 'typebox';
import { type ErrorCode, errorKinds } from '../kernel/errors.ts';
import { type BodySchemas, createSchemas } from './components.ts';
import { createErrorResponses, type ErrorResponses } from './error-responses.ts';
import { dropInProblemExample, problemExample } from './examples.ts';
import { headers } from './headers.ts';
import { introduction, tags } from './introduction.ts';
import { batchRoutes } from './operations/batch.ts';
import { channelRoutes } from './operations/channels.ts';
import { dropInRoutes } from './operations/drop-in.ts';
import { messageActionRoutes } from './operations/message-actions.ts';
import { messageRoutes } from './operations/messages.ts';
import { pacingRoutes } from './operations/pacing.ts';
import { serviceRoutes } from './operations/service.ts';
import { createParameters, type ParameterRules } from './parameters.ts';
import { publicSchema } from './public-schema.ts';
import type { JsonSchema, OpenapiDocument, Operation, Parameter, Route } from './types.ts';

/** What the HTTP layer enforces, for the document to repeat. */
export interface RequestRules extends BodySchemas, ParameterRules {
  /** The query of the list, and what its `limit` may be. */
  readonly listQuery: TObject;
  readonly listLimit: { readonly minimum: number; readonly maximum: number; readonly default: number };
}

/**
 * The gateway's OpenAPI document. Pure; holds nothing of the configuration, and no personal data but made-up examples.
 * @throws {TypeError} if a request's schema uses what has no translation: a programming mistake.
 */
export function createDocument(rules: RequestRules): OpenapiDocument {
  const errors = createErrorResponses();
  const routes = routesOf(errors, rules);
  // No operation of a path can have it: it answers those that are not there.
  errors.of(['method_not_allowed']);
  return {
    openapi: '3.1.0',
    info: {
      title: 'commbox-gateway',
      version: '1',
      summary: 'Sends e-mail, SMS, WhatsApp templates and chats through CommBox.',
      description: introduction,
    },
    // Relative to the document, which also holds behind a proxy that adds a path.
    servers: [{ url: './', description: 'This gateway' }],
    tags,
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: pathsOf(routes),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The gateway key of the calling service.' },
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'The same key, as a header of its own.',
        },
      },
      schemas: createSchemas(rules),
      parameters: createParameters(rules),
      headers,
      examples: problemExamples(),
      responses: errors.components(),
    },
  };
}

function routesOf(errors: ErrorResponses, rules: RequestRules): Route[] {
  return [
    ...channelRoutes(errors),
    ...batchRoutes(errors),
    ...dropInRoutes(errors),
    ...messageRoutes(errors, queryParameters(rules)),
    ...messageActionRoutes(errors),
    ...pacingRoutes(errors),
    ...serviceRoutes(errors),
  ];
}

function pathsOf(routes: readonly Route[]): OpenapiDocument['paths'] {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { method, path, operation } of routes) paths[path] = { ...paths[path], [method]: operation };
  return paths;
}

function queryParameters({ listQuery, listLimit }: RequestRules): Parameter[] {
  const { properties } = publicSchema(listQuery) as { properties: Readonly<Record<string, JsonSchema>> };
  return Object.entries(properties).map(([name, { description, ...text }]) => {
    // A query is text, but clients write this one as a number.
    const schema = name === 'limit' ? { type: 'integer', ...listLimit } : text;
    return { name, in: 'query', ...(typeof description === 'string' && { description }), schema };
  });
}

function problemExamples() {
  const codes = Object.keys(errorKinds) as ErrorCode[];
  const summary = (code: ErrorCode) => errorKinds[code].title;
  return Object.fromEntries([
    ...codes.map((code) => [code, { summary: summary(code), value: problemExample(code) }] as const),
    ...codes.map((code) => [`dropIn.${code}`, { summary: summary(code), value: dropInProblemExample(code) }] as const),
  ]);
}
