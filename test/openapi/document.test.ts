import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { type ErrorCode, errorKinds } from '../../src/kernel/errors.ts';
import type { Example, OpenapiDocument, Response } from '../../src/openapi/types.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY, GATEWAY_KEY, STREAMS, startGateway } from '../support/gateway.ts';
import { follow, operationsOf, readDocument, satisfies } from './support.ts';

t.test('the document is OpenAPI 3.1, and every reference leads somewhere', async (t) => {
  const { port } = await startGateway(t);
  const document = await readDocument(port);
  t.match(document.openapi, /^3\.1\./);
  t.strictSame(await new Validator().validate(JSON.parse(JSON.stringify(document))), { valid: true });
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, $ref = '']) => $ref);
  t.ok(refs.length > 100);
  for (const $ref of new Set(refs)) follow(document, { $ref });
});

t.test('it is open to all, the same for everyone, and tells nothing about this gateway', async (t) => {
  const { port, get } = await startGateway(t);
  const answer = await call(port, { method: 'GET', path: '/openapi.json' });
  t.equal((await get('/openapi.json')).text, answer.text);
  for (const secret of [COMMBOX_KEY, GATEWAY_KEY, STREAMS.whatsapp]) t.notOk(answer.text.includes(`"${secret}"`));
  t.equal(
    (
      await call((await startGateway(t, { env: { PORT: '0', COMMBOX_SMS_STREAM: '777' } })).port, {
        method: 'GET',
        path: '/openapi.json',
      })
    ).text,
    answer.text,
  );
});

t.test('whoever has it already gets 304 and no body', async (t) => {
  const { port } = await startGateway(t);
  const get = (path: string, etag: string) =>
    call(port, { method: 'GET', path, headers: etag === '' ? {} : { 'if-none-match': etag } });
  for (const path of ['/openapi.json', '/docs']) {
    const { headers, text } = await get(path, '');
    const etag = String(headers.etag);
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      t.match(await get(path, given), { status: 304, text: '', headers: { etag, 'content-length': undefined } });
    }
    t.match(await get(path, '"other"'), { status: 200, text });
  }
});

t.test('every error code is described, with an example, at the routes that can answer it', async (t) => {
  const { port } = await startGateway(t);
  const document = await readDocument(port);
  const codes = Object.keys(errorKinds) as ErrorCode[];
  const found = new Set(operationsOf(document).flatMap(({ operation }) => codesOf(document, operation.responses)));
  // It is what a path answers to methods that it does not have.
  t.strictSame(
    codes.filter((code) => !found.has(code)),
    ['method_not_allowed'],
  );
  const { responses = {} } = document.components;
  t.strictSame(codesOf(document, { '405': responses['method_not_allowed'] as Response }), ['method_not_allowed']);
});

t.test('every example of an answer is such an answer', async (t) => {
  const { port } = await startGateway(t);
  const document = await readDocument(port);
  for (const { operation } of operationsOf(document)) {
    for (const [status, response] of Object.entries(operation.responses)) {
      const { content = {} } = follow<Response>(document, response);
      for (const { schema, examples = {} } of Object.values(content)) {
        for (const [name, example] of Object.entries(examples)) {
          const { value } = follow<Example>(document, example);
          t.ok(satisfies(document, schema, value), `${operation.operationId} ${status} ${name}`);
          if (/^\d/.test(status) && name in errorKinds) t.match(value, { status: Number(status), code: name });
        }
      }
    }
  }
});

/** The codes whose example problems stand at these answers. */
function codesOf(
  document: OpenapiDocument,
  responses: Readonly<Record<string, Response | { $ref: string }>>,
): string[] {
  return Object.values(responses).flatMap((response) => {
    const { content = {} } = follow<Response>(document, response);
    return Object.keys(content['application/problem+json']?.examples ?? {});
  });
}
