import { randomBytes } from 'node:crypto';
import t from 'tap';
import { STREAMS, startGateway } from '../support/gateway.ts';
import { form, sha256 } from './form.ts';
import { attachmentCases, plainCases } from './reference-objects.ts';

for (const { name, channel, request, object } of plainCases) {
  t.test(`${name} reaches CommBox as its reference prints it`, async (t) => {
    const { post, simulator } = await startGateway(t);
    const answer = await post(`/v1/${channel}`, request);
    t.match(answer, { status: 201, headers: { 'content-type': /^application\/json/ } });
    const [received, ...others] = simulator.received();
    t.same(others, []);
    t.equal(received?.rawBody, `{"data":${object}}`);
    t.match(received, { streamId: STREAMS[channel], contentType: 'application/json', outcome: 'recorded' });
    const { id, objectId, createdAt, sentAt, ...rest } = answer.json();
    t.strictSame(rest, { status: 'sent', channel, stream: channel, streamId: STREAMS[channel], attempts: 1 });
    t.match(id, /^msg_[0-9A-Z]{26}$/);
    t.equal(answer.headers.location, `/v1/messages/${id}`);
    t.equal(objectId, received?.objectId);
    for (const time of [createdAt, sentAt]) t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
}

for (const { name, request, object, files } of attachmentCases) {
  t.test(`${name} reaches CommBox as its reference prints it`, async (t) => {
    const { post, simulator } = await startGateway(t);
    const contents = files.map((_, index) => randomBytes(200_000 + index));
    const parts = files.map((file, index) => ({
      fileName: file.name,
      contentType: file.contentType,
      content: contents[index] as Buffer,
    }));
    const { headers, body } = form([{ name: 'data', content: JSON.stringify(request) }, ...parts]);
    const answer = await post('/v1/email', body, headers);
    t.equal(answer.status, 201);
    const [received, ...others] = simulator.received();
    t.same(others, []);
    t.equal(received?.rawData, object);
    t.match(received?.contentType, /^multipart\/form-data; boundary=/);
    t.strictSame(
      received?.files,
      files.map((file, index) => {
        const content = contents[index] as Buffer;
        return { field: 'file', ...file, size: content.length, sha256: sha256(content) };
      }),
    );
    t.equal(answer.json()['objectId'], received?.objectId);
  });
}
