import fc from 'fast-check';
import { form } from '../../e2e/form.ts';
import { STREAMS } from '../../support/gateway.ts';
import { channelBody, wildText } from './bodies.ts';
import { actions, anywhere, reads, steering } from './other-requests.ts';
import { admin, type FuzzRequest, json, key, odd } from './request.ts';

// A valid request stays one with any of these.
const harmless = fc.record(
  {
    prefer: fc.constantFrom('respond-async', 'wait=1', 'respond-async, wait=1', 'return=minimal', 'wait=0'),
    'idempotency-key': fc
      .constantFrom('a', 'b', '"c"')
      .chain((base) => fc.nat(500).map((n) => `${base.replace('"', '')}${n}`)),
    traceparent: fc.constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'nonsense'),
    accept: fc.constantFrom('application/json', 'text/html', '*/*'),
    'x-forwarded-for': fc.ipV4(),
  },
  { requiredKeys: [] },
);
const channelRequest: fc.Arbitrary<FuzzRequest> = fc
  .tuple(channelBody, harmless, fc.constantFrom('', '', '', '/preview'))
  .map(([{ channel, kind, text }, headers, suffix]) => ({
    kind,
    method: 'POST',
    path: `/v1/${channel}${suffix}`,
    headers: { ...json, ...admin, ...headers },
    body: text,
  }));

/** The same with whatever headers, so that nobody knows. */
const oddRequest = fc.tuple(channelRequest, key, odd).map(
  ([request, auth, headers]): FuzzRequest => ({
    ...request,
    kind: request.kind === 'broken' ? 'broken' : 'wild',
    headers: { ...json, ...auth, ...headers },
  }),
);

const part = fc.record(
  {
    name: fc.constantFrom('data', 'file', 'file', 'other', ''),
    fileName: fc.constantFrom('a.pdf', 'חשבונית.pdf', '../../etc/passwd', 'a"b', ''),
    contentType: fc.constantFrom('application/pdf', 'text/plain; charset=x', 'nonsense', ''),
    head: fc.constantFrom('', 'X: y', 'Content-Disposition: attachment', 'Content-Disposition: form-data; name=data'),
    content: fc.oneof(
      fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      wildText,
    ),
  },
  { requiredKeys: ['name', 'content'] },
);
const multipart = fc
  .tuple(channelBody, fc.array(part, { maxLength: 12 }), fc.boolean(), fc.integer({ min: 0, max: 30 }))
  .map(([{ text }, parts, isFirst, cut]): FuzzRequest => {
    const data = { name: 'data', content: text };
    const { headers, body } = form(isFirst ? [data, ...parts] : [...parts, data]);
    const whole = cut > 5 ? body : body.subarray(0, body.length - cut);
    return { kind: 'wild', method: 'POST', path: '/v1/email', headers: { ...admin, ...headers }, body: whole };
  });

const integer = fc.oneof(fc.integer(), fc.constantFrom('1', '9223372036854775807', 'x', 1.5, null));
const commboxObject = fc.record(
  {
    Message: fc.oneof(fc.string(), fc.constant('hello')),
    Type: integer,
    ManagerId: integer,
    Content: fc.jsonValue(),
    User: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const streamId = fc.oneof(
  fc.constantFrom<string>('532', encodeURIComponent(STREAMS.email), '532', '%2e%2e', '..', '%00', '%c0%ae', '-'),
  fc.string({ maxLength: 300 }).map((text) => encodeURIComponent(text)),
);
const dropIn = fc
  .tuple(
    streamId,
    fc.oneof(
      commboxObject.map((data) => JSON.stringify({ data })),
      wildText,
    ),
    key,
    odd,
  )
  .map(
    ([id, body, auth, headers]): FuzzRequest => ({
      kind: 'wild',
      method: 'POST',
      path: `/streams/${id}/objects`,
      headers: { ...json, ...headers, ...auth },
      body,
    }),
  );

const batch = fc
  .tuple(fc.array(channelBody, { maxLength: 8 }), fc.option(fc.nat(50)), harmless)
  .map(([items, own, headers]): FuzzRequest => {
    const messages = items.map(({ channel, text }) => {
      const fields = parsed(text);
      const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
      return isObject ? { channel, ...(own !== null && { idempotencyKey: `item-${own}` }), ...fields } : fields;
    });
    return {
      kind: 'wild',
      method: 'POST',
      path: '/v1/messages',
      headers: { ...json, ...admin, ...headers },
      body: JSON.stringify({ messages }),
    };
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Requests to every route there is, and to those that there are not. */
export const anyRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 10, arbitrary: channelRequest },
  { weight: 3, arbitrary: oddRequest },
  { weight: 3, arbitrary: multipart },
  { weight: 3, arbitrary: dropIn },
  { weight: 1, arbitrary: batch },
  { weight: 3, arbitrary: reads },
  { weight: 2, arbitrary: actions },
  { weight: 1, arbitrary: steering },
  { weight: 3, arbitrary: anywhere },
);
