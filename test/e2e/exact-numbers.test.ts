import t from 'tap';
import { expectProblem, faultsOf } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';

t.test('int64 ids given as strings reach CommBox as those digits', async (t) => {
  const { post, simulator } = await startGateway(t);
  const ids = {
    managerId: '9007199254740993',
    subStreamId: '-9223372036854775808',
    userIdentity: '9223372036854775807',
  };
  t.equal((await post('/v1/sms', { ...least.sms, ...ids })).status, 201);
  const [received] = simulator.received();
  t.match(received?.rawBody, '"UserIdentity":9223372036854775807,"ManagerId":9007199254740993,');
  t.match(received?.rawBody, '"SubStreamId":-9223372036854775808,');
});

t.test('object ids beyond 2^53 come back as strings with every digit', async (t) => {
  const { post, simulator } = await startGateway(t, { simulator: { firstObjectId: 9223372036854775806n } });
  t.equal((await post('/v1/sms', least.sms)).json()['objectId'], '9223372036854775806');
  simulator.control({ idKey: 'Id' });
  const answer = await post('/v1/sms', least.sms);
  t.match(answer.text, '"objectId":"9223372036854775807"');
});

t.test('numbers in content keep their digits', async (t) => {
  const { post, simulator } = await startGateway(t);
  const content =
    '{"price":1.10,"big":1e2,"small":0.1000,"minus":-0,"list":[1.0,-0.0,1E+2,12345678901234.50],"edge":-9007199254740991}';
  const body = `{ "to": "+972544444444", "text": "hello", "managerId": 36197, "content": ${content} }`;
  t.equal((await post('/v1/sms', body)).status, 201);
  t.match(simulator.received()[0]?.rawBody, `"ManagerId":36197,"Content":${content},`);
});

t.test('numbers that JSON readers would change are refused, with the place and the way out', async (t) => {
  const { post, simulator } = await startGateway(t);
  const sms = '"to":"+972544444444","text":"hello"';
  const cases: [string, string][] = [
    [`{${sms},"managerId":9007199254740993}`, '/managerId'],
    [`{${sms},"managerId":9007199254740992}`, '/managerId'],
    [`{${sms},"managerId":-9007199254740992}`, '/managerId'],
    [`{${sms},"userIdentity":1e30}`, '/userIdentity'],
    [`{${sms},"content":{"a/b":[1,{"c~d":9007199254740993}]}}`, '/content/a~1b/1/c~0d'],
    [`{${sms},"content":{"n":9007199254740992.5}}`, '/content/n'],
    [`{${sms},"type":9007199254740993}`, '/type'],
  ];
  for (const [body, pointer] of cases) {
    const answer = await post('/v1/sms', body);
    expectProblem(t, answer, { code: 'invalid_request', pointers: [pointer] });
    t.match(faultsOf(answer)[0]?.message, /write it as a string/);
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('an int64 field takes whole numbers of that range and nothing that must be guessed', async (t) => {
  const { post } = await startGateway(t);
  const wrong = ['01', '+1', '1.0', '-0', '', ' 1', '0x1', '1e3', '9223372036854775808', '-9223372036854775809', 1.5];
  for (const managerId of [...wrong, true, null, [1], {}]) {
    const answer = await post('/v1/sms', { ...least.sms, managerId });
    expectProblem(t, answer, { code: 'invalid_request', pointers: ['/managerId'] });
  }
});
