import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { rawCall, rawPost } from '../http/raw-call.ts';
import { GATEWAY_KEY, least, startGateway } from '../support/gateway.ts';

const object = '{"data":{"Message":"hello"}}';

t.test('an encrypted stream id is one encoded segment of the path', async (t) => {
  const { post, simulator } = await startGateway(t);
  const id = 'pE6q/uPbX+wBNLiTvKsDMw==';
  const segment = 'pE6q%2FuPbX%2BwBNLiTvKsDMw%3D%3D';
  t.match((await post('/v1/sms', { ...least.sms, streamId: id })).json(), { stream: null, streamId: id });
  t.equal((await post(`/streams/${segment}/objects`, object)).status, 200);
  t.equal((await post('/streams/pE6q%2fuPbX+wBNLiTvKsDMw==/objects', object)).status, 200, 'however it is encoded');
  for (const { rawPath, streamId } of simulator.received()) {
    t.strictSame({ rawPath, streamId }, { rawPath: `/streams/${segment}/objects`, streamId: id });
  }
  t.equal(simulator.counts().calls, 3);
});

// Each of them, put into a path carelessly, would name another one.
const odd = [
  ...['%2e%2e', '%2E%2E/%2e%2e', '..%2f..', 'a/../b', '../../core/systemstatus', './532', '/', '//', '..\\..', '...'],
  ...['532?x=1', '532#x', '532/objects', '532%00', '%', '%zz', 'a b', '532;v=1', 'זרם', '\u{1f600}', '@host', 'a:b'],
];

t.test('whatever a stream id holds, the call goes to its one segment', async (t) => {
  const { post, simulator } = await startGateway(t);
  for (const id of odd) {
    simulator.clear();
    const path = `/streams/${encodeURIComponent(id)}/objects`;
    t.match(await post('/v1/sms', { ...least.sms, streamId: id }), { status: 201 }, `streamId ${id}`);
    t.match(await post(path, object), { status: 200 }, `drop-in path of ${id}`);
    t.strictSame(
      simulator.received().map(({ rawPath, streamId }) => [rawPath, streamId]),
      [path, path].map((sent) => [sent, id]),
      id,
    );
  }
});

t.test('an id that no encoding makes safe is refused', async (t) => {
  const { post, simulator } = await startGateway(t);
  for (const id of ['', '.', '..', 'a\u0000b', 'a\nb', '\ud800', 'x'.repeat(256)]) {
    const answer = await post('/v1/sms', { ...least.sms, streamId: id });
    expectProblem(t, answer, { code: 'invalid_request', pointers: ['/streamId'] });
  }
  for (const segment of ['%2e', '.%2e', '%2E%2e', 'a%00b', 'a%0d%0aX-Injected:%201', '%ff', '%zz', 'x'.repeat(256)]) {
    const answer = await post(`/streams/${segment}/objects`, object);
    expectProblem(t, answer, { code: 'invalid_request' });
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('a path that climbs or carries more than an id leads nowhere else', async (t) => {
  const { port, simulator } = await startGateway(t);
  const nowhere = [
    ...['/streams/../objects', '/streams/./objects', '/streams/532/../533/objects', '/streams/a/../b/objects'],
    ...['/streams/532/objects/..', '/../streams/532/objects', '/streams/532#/objects'],
    ...['//streams/532/objects', '/streams/532/objects/', '/streams/532?/objects', '/streams//objects'],
  ];
  for (const path of nowhere) {
    const { ended } = await rawCall(t, port, rawPost(path, GATEWAY_KEY, object));
    t.match(await ended, /^HTTP\/1\.1 40[045] /, path);
  }
  t.equal(simulator.counts().calls, 0);
  const { ended } = await rawCall(t, port, rawPost('/streams/532/objects?a=../533', GATEWAY_KEY, object));
  t.match(await ended, /^HTTP\/1\.1 200 /);
  t.strictSame(
    simulator.received().map(({ rawPath }) => rawPath),
    ['/streams/532/objects'],
    'a query is not handed on',
  );
});
