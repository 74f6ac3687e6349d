import t from 'tap';
import { type Answer, call } from '../http/call.ts';
import { GATEWAY_KEY, startGateway } from '../support/gateway.ts';
import { allowedFields, canaries, email, leaks, sms } from './log-canaries.ts';
import { everyRoute, type Route } from './log-routes.ts';

const query = `to=${canaries.phone}&reference=${canaries.reference}&${canaries.unknownField}=${canaries.text}`;
const headers = {
  'content-type': 'application/json',
  'user-agent': canaries.name,
  cookie: `session=${canaries.content}`,
  referer: `http://intranet.example/${canaries.customerId}`,
  'x-forwarded-for': canaries.remarks,
  'x-custom': canaries.text,
  tracestate: `vendor=${canaries.content}`,
};
const bodies: readonly unknown[] = [
  sms,
  email,
  {
    messages: [
      { channel: 'sms', ...sms, idempotencyKey: canaries.content },
      { channel: canaries.name, ...sms },
    ],
  },
  { data: { Message: canaries.text, UserStreamProviderId: canaries.phone, User: { LastName: canaries.name } } },
  { reference: canaries.reference, [canaries.unknownField]: canaries.text },
  { as: canaries.text },
];

/** A well-formed request, ones that are wrong in several ways, and one with a key that opens nothing. */
function callsTo({ method, template }: Route) {
  const path = template.replaceAll(/:\w+|\*/g, canaries.phone);
  const own = { ...headers, authorization: `Bearer ${GATEWAY_KEY}` };
  if (method === 'GET' || method === 'HEAD') {
    return [
      { method, path: `${path}?${query}`, headers: own },
      { method, path, headers: { ...headers, 'x-api-key': canaries.wrongKey } },
    ];
  }
  const texts = [...bodies.map((body) => JSON.stringify(body)), `{"text":"${canaries.text}" broken`];
  return [
    ...texts.map((body) => ({ method, path, body, headers: own })),
    { method, path: `${path}?${query}`, body: texts[0] ?? '', headers: { ...own, prefer: canaries.text } },
    { method, path, body: texts[0] ?? '', headers: { ...own, 'idempotency-key': canaries.content } },
    { method, path, body: texts[0] ?? '', headers: { ...own, 'content-type': `text/${canaries.name}` } },
    { method, path, body: texts[0] ?? '', headers: { ...headers, 'x-api-key': canaries.wrongKey } },
  ];
}

t.test('on every route a request is one line, of allowed fields, and holds nothing that was sent', async (t) => {
  const routes = await everyRoute(t);
  t.ok(routes.length > 15);
  const { port, log } = await startGateway(t, { env: { LOG_LEVEL: 'debug' } });
  const answers: Answer[] = [];
  for (const route of routes) {
    for (const [i, each] of callsTo(route).entries()) {
      const requestId = `${route.method}.${routes.indexOf(route)}.${i}`;
      answers.push(await call(port, { ...each, headers: { ...each.headers, 'x-request-id': requestId } }));
      const line = await log.line({ msg: 'request', requestId });
      t.match(line, { method: route.method, route: route.template, traceId: /^[\da-f]{32}$/ }, requestId);
    }
  }
  t.equal(log.lines({ msg: 'request' }).length, answers.length, 'one for each');
  t.ok(answers.filter(({ status }) => status < 300).length > 10, 'some of them did something');
  t.notOk(answers.some(({ status }) => status === 500));
  t.strictSame(leaks(log.text()), []);
  const names = new Set(log.lines().flatMap((line) => Object.keys(line)));
  t.strictSame(
    [...names].filter((name) => !allowedFields.includes(name)),
    [],
  );
});

t.test('probes and scrapes are told of at debug only, unless they are refused', async (t) => {
  const { port, log, get } = await startGateway(t);
  const probes = ['/livez', '/readyz', '/metrics'];
  for (const path of probes) t.equal((await get(path)).status, 200);
  t.equal((await call(port, { method: 'GET', path: '/metrics' })).status, 401);
  t.match(await log.line({ msg: 'request' }), { route: '/metrics', status: 401, level: 30 });
  t.equal(log.lines({ msg: 'request' }).length, 1);
});

t.test('what no route answers is a line too', async (t) => {
  const { port, log } = await startGateway(t);
  const paths = [
    `/${canaries.name}`,
    `/v1/${canaries.phone}?${query}`,
    `/%zz${canaries.text}`,
    `/streams/${'x'.repeat(2400)}/objects`,
  ];
  for (const [i, path] of paths.entries()) {
    const { status } = await call(port, { method: 'POST', path, headers: { 'x-request-id': `r-${i}` } });
    t.match(await log.line({ msg: 'request', requestId: `r-${i}` }), { route: null, status, traceId: String });
  }
  t.equal(log.lines().length, paths.length);
  t.strictSame(leaks(log.text()), []);
});
