import t from 'tap';
import { channelNames } from '../../src/channels/channel.ts';
import { streamDefaultsSchema } from '../../src/channels/defaults.ts';
import { channels } from '../../src/channels/list.ts';
import { compileSchema } from '../../src/kernel/validate.ts';

t.test('a stream may preset every field of its channel, and nothing else', async (t) => {
  for (const name of channelNames) {
    const validator = compileSchema(streamDefaultsSchema(name));
    t.ok(validator.check({}));
    t.ok(validator.check({ managerId: '9007199254740993', status: 'sent', lane: 'bulk', text: 'preset' }));
    for (const { request } of channels[name].examples) t.ok(validator.check(request));
    for (const field of ['stream', 'streamId', 'channel']) {
      t.match(validator.faults({ [field]: 'x' }), [{ pointer: `/${field}`, message: /not a known field/ }]);
    }
    t.match(validator.faults({ managerId: 'x' }), [{ pointer: '/managerId' }]);
  }
  t.notOk(compileSchema(streamDefaultsSchema('sms')).check({ subject: 'x' }));
  t.ok(compileSchema(streamDefaultsSchema('email')).check({ subject: 'x' }));
});
