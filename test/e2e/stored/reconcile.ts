import { expectProblem } from '../../http/expect-problem.ts';
import { COMMBOX_KEY, least } from '../../support/gateway.ts';
import { form } from '../form.ts';
import { type Suite, sms } from './stage.ts';

const MINUTE_MS = 60_000;
const arrivedUnseen = { status: 500, record: true };

/** Finding out what became of a message whose fate is unknown. */
export const reconcile: Suite = (t, start) => {
  t.test('exactly one object with its text at CommBox means that it was sent', async (t) => {
    const { accept, reaches, post, simulator } = await start(t);
    await accept(sms('another to the same'));
    await simulator.waitFor(1, 'recorded');
    simulator.control({ next: [arrivedUnseen] });
    const id = await accept(sms('the one'));
    await reaches(id, 'unknown');
    const answer = await post(`/v1/messages/${id}/reconcile`, '');
    const objectId = simulator.received().at(-1)?.objectId;
    t.match(answer.json(), { id, status: 'sent', objectId, outcome: 'sent', attempts: 1, sentAt: /Z$/ });
    expectProblem(t, await post(`/v1/messages/${id}/reconcile`, ''), { code: 'conflict' });
    t.equal(simulator.counts().calls, 2);
  });

  t.test('none or several prove nothing, and neither sends', async (t) => {
    const { accept, reaches, post, simulator } = await start(t);
    simulator.control({ next: [{ status: 500 }] });
    const absent = await accept(sms('absent'));
    await reaches(absent, 'unknown');
    const none = (await post(`/v1/messages/${absent}/reconcile`, '')).json();
    t.match(none, { status: 'unknown', outcome: 'unknown', reconciliation: { found: 0, objectIds: [] } });

    const first = await accept(sms('twin'));
    await reaches(first, 'sent');
    simulator.control({ next: [arrivedUnseen] });
    const twin = await accept(sms('twin'));
    await reaches(twin, 'unknown');
    const several = (await post(`/v1/messages/${twin}/reconcile`, '')).json();
    const objectIds = simulator.received({ outcome: 'recorded' }).map(({ objectId }) => objectId);
    t.match(several, { status: 'unknown', reconciliation: { found: 2 } });
    t.strictSame([...(several['reconciliation'] as { objectIds: string[] }).objectIds].sort(), objectIds);
    t.equal(simulator.counts().calls, 3);
  });

  t.test('it is done once by itself, a minute later', async (t) => {
    const { post, reaches, view, clock, simulator, leftInSpool } = await start(t);
    simulator.control({ next: [arrivedUnseen, { status: 500 }] });
    const { headers, body } = form([
      { name: 'data', content: JSON.stringify(least.email) },
      { fileName: 'a.txt', content: 'one' },
    ]);
    const found = String((await post('/v1/email', body, headers)).json()['messageId']);
    const lost = String((await post('/v1/sms', sms('lost'))).json()['messageId']);
    clock.jump(MINUTE_MS - 10_000);
    t.match(await view(found), { status: 'unknown' });
    const sent = await reaches(found, 'sent', 1_000);
    t.match(sent, { objectId: simulator.received()[0]?.objectId, outcome: 'sent', attempts: 1 });
    t.same(await leftInSpool(), [], 'its files are not needed any more');
    clock.jump(10 * MINUTE_MS);
    t.match(await reaches(lost, 'unknown'), { attempts: 1 });
    t.equal(simulator.counts().calls, 2);
  });

  t.test('while CommBox gives no answer it is tried again, by the next process too', async (t) => {
    const first = await start(t);
    const { simulator, storage, clock } = first;
    simulator.control({ next: [arrivedUnseen] });
    const id = String((await first.post('/v1/sms', sms('found late'))).json()['messageId']);
    simulator.control({ keys: ['of nobody'] });
    for (let minute = 0; minute < 3; minute++) {
      clock.jump(MINUTE_MS);
      for (let look = 0; look < 20; look++) t.equal((await first.view(id)).status, 'unknown');
    }
    await first.close();
    const second = await start(t, { storage, commbox: simulator });
    simulator.control({ keys: [COMMBOX_KEY] });
    t.match(await second.reaches(id, 'sent', 10_000), { attempts: 1 });
    t.equal(simulator.counts().calls, 1);
  });

  t.test('somebody who knows may say what became of it', async (t) => {
    const { accept, reaches, post, view, simulator } = await start(t);
    const lost = async (text: string) => {
      simulator.control({ next: [{ status: 500 }] });
      const id = await accept(sms(text));
      await reaches(id, 'unknown');
      return id;
    };
    const ids = { sent: await lost('one'), failed: await lost('two') };
    for (const [as, outcome] of [
      ['sent', 'sent'],
      ['failed', 'not_sent'],
    ] as const) {
      const path = `/v1/messages/${ids[as]}/resolve`;
      for (const wrong of [{ as: 'queued' }, {}, { as, more: 1 }]) {
        expectProblem(t, await post(path, wrong), { code: 'invalid_request' });
      }
      t.match((await post(path, { as })).json(), { status: as, outcome });
      t.match(await view(ids[as]), { status: as, outcome, objectId: null });
      expectProblem(t, await post(path, { as }), { code: 'conflict' });
    }
    const again = await post(`/v1/messages/${ids.failed}/resend`, '');
    await reaches(String(again.json()['id']), 'sent');
  });
};
