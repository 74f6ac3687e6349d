import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { asCaller, callersYaml } from './callers.ts';
import { type StoredGateway, type Suite, sms, type View } from './stage.ts';

interface Page {
  readonly messages: readonly View[];
  readonly nextCursor: string | null;
}

const list = async ({ get }: StoredGateway, query: string, headers = {}) =>
  (await get(`/v1/messages?${query}`, headers)).json() as unknown as Page;
const idsOf = ({ messages }: Page) => messages.map(({ id }) => id);

/** Finding messages again. */
export const listing: Suite = (t, start) => {
  t.test('by every filter, newest first', async (t) => {
    const gateway = await start(t);
    const { accept, post, reaches, clock, simulator } = gateway;
    const mail = await accept(least.email, {}, '/v1/email');
    const chat = await accept({ ...least.chat, reference: 'order 7' }, {}, '/v1/chat');
    await reaches(mail, 'sent');
    await reaches(chat, 'sent');
    clock.jump(60_000);
    const from = new Date(clock.now()).toISOString();
    simulator.control({ next: [{ status: 400 }] });
    const failed = String((await post('/v1/sms', sms('bad'))).json()['messageId']);
    const plain = String((await post('/v1/sms', sms('plain', { reference: 'order 7' }))).json()['id']);
    clock.jump(60_000);
    const to = new Date(clock.now()).toISOString();
    const sendAt = new Date(clock.now() + 3_600_000).toISOString();
    const queued = await accept(sms('later', { sendAt }));
    const raw = await post('/streams/871/objects', '{"data":{"Message":"raw"}}');
    const rawId = String(raw.headers['gateway-message-id']);

    const cases: [query: string, ids: string[]][] = [
      ['', [rawId, queued, plain, failed, chat, mail]],
      ['status=queued', [queued]],
      ['status=sent,failed', [rawId, plain, failed, chat, mail]],
      ['channel=email', [mail]],
      ['channel=raw', [rawId]],
      ['stream=sms', [queued, plain, failed]],
      ['stream=871', [rawId]],
      ['reference=order%207', [plain, chat]],
      ['reference=order', []],
      ['caller=default&channel=chat', [chat]],
      ['caller=nobody', []],
      [`from=${from}`, [rawId, queued, plain, failed]],
      [`to=${from}`, [chat, mail]],
      [`from=${from}&to=${to}&status=sent`, [plain]],
      ['limit=2', [rawId, queued]],
    ];
    for (const [query, ids] of cases) t.strictSame(idsOf(await list(gateway, query)), ids, query);
    t.match((await list(gateway, 'status=failed')).messages, [{ code: 'commbox_rejected', outcome: 'not_sent' }]);
  });

  t.test('page by page, while new ones arrive', async (t) => {
    const gateway = await start(t);
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.unshift(await gateway.accept(sms(`n ${n}`)));
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 1; pages <= 3; pages++) {
      const page = await list(gateway, `limit=3${cursor}`);
      seen.push(...idsOf(page));
      t.equal(page.nextCursor === null, pages === 3, 'the last page says so');
      cursor = `&cursor=${page.nextCursor}`;
      await gateway.accept(sms('new'));
    }
    t.strictSame(seen, ids);
  });

  t.test('questions that make no sense are refused', async (t) => {
    const { get } = await start(t);
    const wrong = [
      'channel=fax',
      'channel=sms,email',
      'stream=532',
      'status=gone',
      'limit=0',
      'limit=1000',
      'limit=x',
      'cursor=x',
      'from=today',
      'color=red',
      'status=',
    ];
    for (const query of wrong) {
      const answer = await get(`/v1/messages?${query}`);
      expectProblem(t, answer, { code: 'invalid_request', pointers: [`/${query.split('=')[0]}`] });
    }
  });

  t.test(
    'the id of a stream that has an alias finds nothing, so it is refused, with what to write instead',
    async (t) => {
      const yaml = `streams: { alerts: { channel: sms, id: "9" } }\n${callersYaml({ a: 'streams: [alerts]', b: 'streams: [sms]' })}`;
      const gateway = await start(t, { yaml });
      const said = async (name: string) => {
        const answer = await gateway.get('/v1/messages?stream=9', asCaller(name));
        return expectProblem(t, answer, { code: 'invalid_request', pointers: ['/stream'] })['detail'];
      };
      t.match(await said('a'), 'give its alias (alerts)');
      t.match(await said('b'), /give its alias$/, 'who may not use it does not hear its name');
      const canceled = await gateway.post('/v1/messages/cancel', { stream: '9' }, asCaller('a'));
      expectProblem(t, canceled, { code: 'invalid_request', pointers: ['/stream'] });
    },
  );

  t.test("CommBox's own words are told to the sender alone, until the message is erased", async (t) => {
    const gateway = await start(t, { yaml: callersYaml({ a: '', boss: 'admin: true' }) });
    const description = 'no: 0541234567';
    gateway.simulator.control({ next: [{ status: 400, description }] });
    const id = (await gateway.post('/v1/sms', sms('bad'), asCaller('a'))).json()['messageId'];
    const said = async (name: string) => {
      const view = (await gateway.get(`/v1/messages/${id}`, asCaller(name))).json()['upstream'];
      const [listed] = (await list(gateway, '', asCaller(name))).messages;
      t.strictSame((listed as unknown as Record<string, unknown>)['upstream'], view);
      return view;
    };
    t.strictSame(await said('a'), { status: 400, description });
    t.strictSame(await said('boss'), { status: 400, description: null });
  });

  t.test('a caller sees its own, an admin all', async (t) => {
    const yaml = callersYaml({ a: '', b: '', boss: 'admin: true' });
    const gateway = await start(t, { yaml });
    const { accept, get, post } = gateway;
    const a = await accept(sms('of a'), asCaller('a'));
    const b = await accept(sms('of b'), asCaller('b'));
    t.strictSame(idsOf(await list(gateway, '', asCaller('a'))), [a]);
    t.strictSame(idsOf(await list(gateway, 'caller=a', asCaller('a'))), [a]);
    t.strictSame(idsOf(await list(gateway, '', asCaller('boss'))), [b, a]);
    t.strictSame(idsOf(await list(gateway, 'caller=b', asCaller('boss'))), [b]);
    expectProblem(t, await get('/v1/messages?caller=b', asCaller('a')), { code: 'forbidden' });
    t.match((await get(`/v1/messages/${b}`, asCaller('boss'))).json(), { id: b, caller: 'b' });
    expectProblem(t, await get(`/v1/messages/${b}`, asCaller('a')), { code: 'not_found' });
    for (const action of ['cancel', 'resend', 'reconcile', 'resolve']) {
      const answer = await post(
        `/v1/messages/${b}/${action}`,
        action === 'resolve' ? { as: 'sent' } : {},
        asCaller('a'),
      );
      expectProblem(t, answer, { code: 'not_found' });
    }
  });
};
