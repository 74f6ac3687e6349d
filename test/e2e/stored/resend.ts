import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { form } from '../form.ts';
import { asCaller, callersYaml } from './callers.ts';
import { type Suite, sms, textsAt } from './stage.ts';

/** Sending again what was not sent, or may not have been. */
export const resend: Suite = (t, start) => {
  t.test('what failed, is unknown, expired or was canceled goes again as a new message', async (t) => {
    const { accept, reaches, post, clock, simulator, view } = await start(t);
    const sendAt = new Date(clock.now() + 60_000).toISOString();
    simulator.control({ next: [{ status: 400 }, { status: 500 }, { status: 429, headers: { 'Retry-After': '60' } }] });
    const failed = await accept(sms('failed', { reference: 'r', lane: 'bulk' }));
    await reaches(failed, 'failed');
    const unknown = await accept(sms('unknown'));
    await reaches(unknown, 'unknown');
    const expired = await accept(sms('expired', { expiresAt: new Date(clock.now() + 30_000).toISOString() }));
    const canceled = await accept(sms('canceled', { sendAt }));
    await post(`/v1/messages/${canceled}/cancel`, '');
    await reaches(expired, 'expired', 5_000);
    clock.jump(60_000);
    for (const [id, text] of Object.entries({
      [failed]: 'failed',
      [unknown]: 'unknown',
      [expired]: 'expired',
      [canceled]: 'canceled',
    })) {
      simulator.clear();
      const before = await view(id);
      const answer = await post(`/v1/messages/${id}/resend`, '');
      t.equal(answer.status, 202, text);
      const copy = await reaches(String(answer.json()['id']), 'sent', 100);
      t.not(copy.id, id);
      t.match(copy, { resendOf: id, reference: before['reference'], lane: before['lane'], sendAt: null });
      t.strictSame(textsAt(simulator), [text]);
      t.strictSame(await view(id), before, 'the first one stays what it is');
    }
  });

  t.test('nothing else goes again', async (t) => {
    const { accept, reaches, post, clock, simulator, storage } = await start(t);
    const sent = await accept(sms('sent'));
    await reaches(sent, 'sent');
    const queued = await accept(sms('queued', { sendAt: new Date(clock.now() + 100 * 3_600_000).toISOString() }));
    simulator.control({ next: [{ status: 400 }] });
    const failed = await accept(sms('to be erased'));
    await reaches(failed, 'failed');
    for (const id of [sent, queued]) {
      expectProblem(t, await post(`/v1/messages/${id}/resend`, ''), { code: 'conflict' });
    }
    clock.jump(25 * 3_600_000);
    while (await storage.holds('to be erased')) clock.jump(10_000);
    expectProblem(t, await post(`/v1/messages/${failed}/resend`, ''), { code: 'conflict' });
  });

  t.test('attachments go again byte for byte', async (t) => {
    const { post, reaches, simulator, leftInSpool } = await start(t);
    const content = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 251));
    const { headers, body } = form([
      { fileName: 'דוח.bin', contentType: 'application/x-thing', content },
      { name: 'data', content: JSON.stringify(least.email) },
    ]);
    simulator.control({ next: [{ status: 400 }] });
    const refused = await post('/v1/email', body, headers);
    const again = await post(`/v1/messages/${refused.json()['messageId']}/resend`, '');
    await reaches(String(again.json()['id']), 'sent');
    const [first, second] = simulator.received();
    t.strictSame(second?.files, first?.files);
    t.equal(second?.rawData, first?.rawData);
    t.equal(second?.outcome, 'recorded');
    t.ok((await leftInSpool(1)).length <= 1, 'the copy is gone; the first one can go a third time');
  });

  t.test('a key makes it go once', async (t) => {
    const { post, reaches, simulator } = await start(t);
    simulator.control({ next: [{ status: 400 }] });
    const { messageId } = (await post('/v1/sms', sms('x'))).json();
    const key = { 'idempotency-key': 'k' };
    const first = await post(`/v1/messages/${messageId}/resend`, '', key);
    await reaches(String(first.json()['id']), 'sent');
    const again = await post(`/v1/messages/${messageId}/resend`, '', key);
    t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' } });
    t.equal(again.json()['id'], first.json()['id']);
    t.equal(simulator.counts().calls, 2);
  });

  t.test('whoever waits for it is told its result, and CommBox’s own words only if it is its sender', async (t) => {
    const yaml = callersYaml({ a: '', boss: 'admin: true' });
    const { post, simulator } = await start(t, { yaml });
    const description = 'no: 0541234567';
    const refusal = { status: 400, description };
    simulator.control({ next: [refusal, refusal, refusal] });
    const { messageId } = (await post('/v1/sms', sms('x'), asCaller('a'))).json();
    const key = { 'idempotency-key': 'k' };
    const again = async (name: string) => {
      const headers = { ...asCaller(name), ...key, prefer: 'respond-async, wait=5' };
      return (await post(`/v1/messages/${messageId}/resend`, '', headers)).json()['upstream'];
    };
    t.strictSame(await again('boss'), { status: 400, description: null });
    t.strictSame(await again('boss'), { status: 400, description: null }, 'nor is a repeat');
    t.strictSame(await again('a'), refusal);
    t.equal(simulator.counts().calls, 3);
    const wrong = await post(`/v1/messages/${messageId}/resend`, '', { ...asCaller('a'), prefer: 'wait=99' });
    expectProblem(t, wrong, { code: 'invalid_request' });
    t.equal((await post(`/v1/messages/${messageId}/resend`, '', asCaller('a'))).status, 202);
  });

  t.test('a key counts more than what became of the first one since', async (t) => {
    const { post, accept, reaches, simulator, view } = await start(t);
    simulator.control({ next: [{ status: 500 }] });
    const id = await accept(sms('x'));
    await reaches(id, 'unknown');
    const key = { 'idempotency-key': 'k' };
    const copy = String((await post(`/v1/messages/${id}/resend`, '', key)).json()['id']);
    await reaches(copy, 'sent');
    await post(`/v1/messages/${id}/resolve`, { as: 'sent' });
    t.match(await view(id), { status: 'sent' });
    const again = await post(`/v1/messages/${id}/resend`, '', key);
    t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' } });
    t.equal(again.json()['id'], copy);
    expectProblem(t, await post(`/v1/messages/${copy}/resend`, '', key), { code: 'idempotency_mismatch' });
    expectProblem(t, await post(`/v1/messages/${id}/resend`, ''), { code: 'conflict' });
    t.equal(simulator.counts().calls, 2);
  });

  t.test('what has lost its attachments must be sent anew, and that is said', async (t) => {
    const { post, simulator, storage } = await start(t);
    const spool = join(storage.dataDir, 'spool');
    const losses = {
      damaged: (path: string) => writeFile(path, 'other'),
      'not here': (path: string) => rm(path),
    };
    for (const [name, lose] of Object.entries(losses)) {
      simulator.control({ next: [{ status: 400 }] });
      const attachments = [{ filename: 'a.txt', content: Buffer.from('bytes').toString('base64') }];
      const { messageId } = (await post('/v1/email', { ...least.email, attachments })).json();
      for (const file of await readdir(spool)) await lose(join(spool, file));
      const refused = await post(`/v1/messages/${messageId}/resend`, '');
      const problem = expectProblem(t, refused, { code: 'conflict', outcome: 'not_sent' });
      t.match(problem, { messageId, detail: /attachments .* Send it anew/ }, name);
    }
    t.equal(simulator.counts().calls, 2);
  });

  t.test('the permissions of today count', async (t) => {
    const first = await start(t, { yaml: callersYaml({ a: '' }) });
    first.simulator.control({ next: [{ status: 400 }] });
    const refused = await first.post('/v1/sms', sms('x'), asCaller('a'));
    const id = refused.json()['messageId'];
    await first.close();
    const mailOnly = callersYaml({ a: 'channels: [email]' });
    const second = await start(t, { yaml: mailOnly, storage: first.storage });
    expectProblem(t, await second.post(`/v1/messages/${id}/resend`, '', asCaller('a')), { code: 'forbidden' });
    await second.close();
    const listed = { RECIPIENT_ALLOWLIST: '@example.com' };
    const urgent = await start(t, { yaml: callersYaml({ a: 'lane: critical' }), storage: first.storage });
    urgent.simulator.control({ next: [{ status: 400 }] });
    const critical = await urgent.post('/v1/sms', sms('x', { lane: 'critical' }), asCaller('a'));
    await urgent.close();
    const third = await start(t, { yaml: callersYaml({ a: '' }), storage: first.storage, env: listed });
    const answer = await third.post(`/v1/messages/${id}/resend`, '', asCaller('a'));
    expectProblem(t, answer, { code: 'recipient_not_allowed' });
    const lane = await third.post(`/v1/messages/${critical.json()['messageId']}/resend`, '', asCaller('a'));
    expectProblem(t, lane, { code: 'forbidden' });
  });

  t.test('the lane of a stream is the operator’s choice, and holds for what goes again', async (t) => {
    const streams = 'streams: { alerts: { channel: sms, id: "9", lane: critical } }\n';
    const { post, simulator, reaches } = await start(t, { yaml: `${streams}${callersYaml({ a: '' })}` });
    simulator.control({ next: [{ status: 400 }] });
    const refused = await post('/v1/sms', sms('x', { stream: 'alerts' }), asCaller('a'));
    const again = await post(`/v1/messages/${refused.json()['messageId']}/resend`, '', asCaller('a'));
    t.match(again.json(), { lane: 'critical' });
    await reaches(String(again.json()['id']), 'sent');
  });
};
