import type { Test } from 'tap';
import { Compile } from 'typebox/schema';
import type { MediaType, OpenapiDocument, Operation, Response } from '../../src/openapi/types.ts';
import { type Answer, call } from '../http/call.ts';

/** The document as a running gateway serves it. */
export async function readDocument(port: number): Promise<OpenapiDocument> {
  return (await call(port, { method: 'GET', path: '/openapi.json' })).json() as unknown as OpenapiDocument;
}

export interface NamedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function operationsOf({ paths }: OpenapiDocument): NamedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** What a reference of the document leads to; anything else is itself. */
export function follow<T extends object>(document: OpenapiDocument, value: T | { readonly $ref: string }): T {
  if (!('$ref' in value)) return value;
  const [, ...names] = value.$ref.split('/');
  let found: unknown = document;
  for (const name of names) found = (found as Record<string, unknown>)[name];
  if (typeof found !== 'object' || found === null) throw new Error(`${value.$ref} leads nowhere`);
  return found as T;
}

/** Whether a value satisfies a schema of the document; members that it does not name are mistakes too. */
export function satisfies(document: OpenapiDocument, schema: object, value: unknown): boolean {
  const { schemas } = document.components;
  return Compile({ ...(closed(schema) as object), components: { schemas: closed(schemas) } }).Check(value);
}

// Answers may gain members, so the document leaves them open; a test must see those that nobody described.
function closed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(closed);
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  const isObject = 'type' in value && 'properties' in value && !('additionalProperties' in value);
  return isObject ? { ...members, additionalProperties: false } : members;
}

/** Headers of HTTP itself, which no document lists. */
const PLAIN = ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding', 'vary'];
const ALSO_PLAIN = ['cache-control', 'content-security-policy', 'referrer-policy', 'x-content-type-options'];

/** Holds an answer against the document: its status, its type, its body and its headers. */
export function expectDocumented(t: Test, document: OpenapiDocument, operationId: string, answer: Answer): void {
  const found = operationsOf(document).find(({ operation }) => operation.operationId === operationId);
  const responses = found?.operation.responses ?? {};
  const response = responses[String(answer.status)] ?? responses[`${String(answer.status).charAt(0)}XX`];
  const name = `${operationId} ${answer.status}`;
  if (response === undefined) return void t.fail(`${name} is not documented`, { body: answer.text });
  const { headers = {}, content = {} } = follow<Response>(document, response);
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';');
  const media = content[type];
  if (media === undefined) t.equal(answer.text, '', `${name}: ${type} is not documented`);
  else if (/json$/.test(type)) {
    t.ok(satisfies(document, media.schema, answer.json()), `${name}: body as documented`, { body: answer.text });
    expectExample(t, media, answer, name);
  }
  const known = [...Object.keys(headers).map((header) => header.toLowerCase()), ...PLAIN, ...ALSO_PLAIN];
  const unknown = Object.keys(answer.headers).filter((header) => !known.includes(header));
  t.strictSame(unknown, [], `${name}: every header documented`);
}

/** A problem's code must be one that the document gives an example of. */
function expectExample(t: Test, { examples = {} }: MediaType, answer: Answer, name: string): void {
  if (answer.headers['content-type']?.startsWith('application/problem+json') !== true) return;
  const code = String(answer.json()['code']);
  t.ok(Object.hasOwn(examples, code), `${name}: ${code} is documented`);
}
