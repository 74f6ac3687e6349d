import t from 'tap';
import { checkRawObject } from '../../src/channels/raw.ts';
import type { Example, MediaType } from '../../src/openapi/types.ts';
import { form } from '../e2e/form.ts';
import { call } from '../http/call.ts';
import { GATEWAY_KEY, type Gateway, least, startGateway } from '../support/gateway.ts';
import { expectDocumented, follow, operationsOf, readDocument, satisfies } from './support.ts';

t.test('every example of a request is valid, and is accepted by the gateway', async (t) => {
  const gateway = await startGateway(t);
  const document = await readDocument(gateway.port);
  let sent = 0;
  for (const { path, operation } of operationsOf(document)) {
    for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
      for (const [name, example] of Object.entries(media.examples ?? {})) {
        const { value } = follow<Example>(document, example);
        t.ok(satisfies(document, media.schema, value), `${operation.operationId} ${name} satisfies its schema`);
        const { headers, body } = encode(type, media, value);
        const real = path
          .replace('{streamId}', '532')
          .replace('{account}', 'default')
          .replace('{id}', await unknownMessage(gateway, path));
        const answer = await call(gateway.port, {
          path: real,
          headers: { authorization: `Bearer ${GATEWAY_KEY}`, ...headers },
          body,
        });
        t.ok(answer.status >= 200 && answer.status < 300, `${path} ${type} ${name}`, { body: answer.text });
        expectDocumented(t, document, operation.operationId, answer);
        sent++;
      }
    }
  }
  t.ok(sent > 20);
});

t.test('what the schemas of the document refuse is refused, and what they take is taken', async (t) => {
  const { port, post } = await startGateway(t);
  const document = await readDocument(port);
  const cases: [request: Record<string, unknown>, isValid: boolean][] = [
    [{}, true],
    [{ to: [] }, false],
    [{ to: ['+972544444444'] }, true],
    [{ text: '' }, false],
    [{ managerId: '9223372036854775807' }, true],
    [{ managerId: '007' }, false],
    [{ managerId: 1.5 }, false],
    [{ reference: 'with\nbreak' }, false],
    [{ sendAt: 'tomorrow' }, false],
    [{ status: 'sent' }, true],
    [{ status: 12 }, false],
    [{ lane: 'urgent' }, false],
    [{ content: { any: { thing: 1 } } }, true],
    [{ content: [] }, false],
    [{ customer: { gender: 'M', birthday: '1990-12-31' } }, true],
    [{ customer: { gender: 'X' } }, false],
    [{ customer: { nickname: 'Jo' } }, false],
    [{ subject: 'no field of an SMS' }, false],
  ];
  for (const [fields, isValid] of cases) {
    const request = { ...least.sms, ...fields };
    const { status } = await post('/v1/sms/preview', request);
    t.equal(status, isValid ? 200 : 400, JSON.stringify(fields));
    t.equal(satisfies(document, { $ref: '#/components/schemas/SmsRequest' }, request), isValid, JSON.stringify(fields));
  }
});

t.test('addresses and links are described as they are checked', async (t) => {
  const { port, post } = await startGateway(t);
  const document = await readDocument(port);
  const cases: [fields: Record<string, unknown>, isValid: boolean][] = [
    [{ to: 'dana@דואר.co.il' }, true],
    [{ to: 'no address' }, false],
    [{ to: { email: 'jane@example.com', name: 'Jane' } }, true],
    [{ attachments: [{ filename: 'a.pdf', url: 'https://example.com/a.pdf' }] }, true],
    [{ attachments: [{ filename: 'a.pdf', url: 'http://example.com/a.pdf' }] }, false],
  ];
  for (const [fields, isValid] of cases) {
    const request = { ...least.email, ...fields };
    t.equal((await post('/v1/email/preview', request)).status, isValid ? 200 : 400, JSON.stringify(fields));
    t.equal(
      satisfies(document, { $ref: '#/components/schemas/EmailRequest' }, request),
      isValid,
      JSON.stringify(fields),
    );
  }
});

t.test('CommBox’s own object is described as it is checked', async (t) => {
  const { port } = await startGateway(t);
  const document = await readDocument(port);
  const objects = [
    { Message: 'hello' },
    { Message: 'hello', Type: 4, StatusId: '13', ManagerId: null, Anything: [1] },
    { Message: '' },
    { Type: 4 },
    { Message: 'hello', Type: 'four' },
    { Message: 'hello', UserIdentity: 1.5 },
    { Message: ['hello'] },
  ];
  for (const object of objects) {
    const isValid = checkRawObject(object, '').length === 0;
    t.equal(
      satisfies(document, { $ref: '#/components/schemas/CommboxObject' }, object),
      isValid,
      JSON.stringify(object),
    );
  }
});

function encode(type: string, { encoding }: MediaType, value: unknown) {
  if (type === 'application/json') return { headers: { 'content-type': type }, body: JSON.stringify(value) };
  const { data } = value as { data: unknown };
  return form([
    { name: 'data', contentType: encoding?.['data']?.contentType ?? '', content: JSON.stringify(data) },
    { name: 'file', fileName: 'invoice.pdf', contentType: 'application/pdf', content: '%PDF-1.7' },
  ]);
}

/** The id of a message whose fate is unknown, where the path needs one. */
async function unknownMessage({ simulator, post }: Gateway, path: string): Promise<string> {
  if (!path.includes('{id}')) return '';
  simulator.control({ next: [{ status: 500, record: false }] });
  return String((await post('/v1/sms', least.sms)).json()['messageId']);
}
