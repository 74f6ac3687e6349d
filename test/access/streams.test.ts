import t from 'tap';
import { resolveRawId, resolveStream } from '../../src/access/streams.ts';
import { caller, directory, stream, thrownBy } from './fixtures.ts';

const encryptedId = 'pE6q0uPbXiwBNLiTvKsDMw==';
const invoices = stream('invoices', { id: encryptedId, defaults: { managerId: 12345, status: 'sent' } });
const alerts = stream('alerts', { channel: 'sms', id: '532', account: 'brand-b', lane: 'critical', ttlHours: 1 });
const email = stream('email', { id: '77' });
const access = directory({ streams: [invoices, alerts, email], rawDefaults: { managerId: '9' } });
const anyone = caller();
const trusted = caller({ rawIds: true });

t.test(
  'a request finds its stream by alias, by the alias’s CommBox id, or by the default of the channel',
  async (t) => {
    for (const choice of [
      { stream: 'invoices' },
      { streamId: 'invoices' },
      { stream: encryptedId },
      { streamId: encryptedId },
    ]) {
      t.equal(resolveStream(access, anyone, 'email', choice), invoices, JSON.stringify(choice));
    }
    t.equal(resolveStream(access, anyone, 'email', {}), email);
    t.equal(resolveStream(access, anyone, 'sms', { streamId: '532' }), alerts);
  },
);

t.test('an alias wins over a raw id of the same text', async (t) => {
  t.equal(resolveStream(access, trusted, 'email', { streamId: 'invoices' }).id, encryptedId);
});

t.test('a caller with "*" reaches any other CommBox id, in the default account', async (t) => {
  for (const id of ['533', 'a/b?c#d', 'XX6q0uPbXiwBNLiTvKsDMw==', '../533']) {
    t.match(resolveStream(access, trusted, 'sms', { stream: id }), {
      alias: null,
      channel: 'raw',
      id,
      account: 'default',
      defaults: { managerId: '9' },
    });
  }
  t.equal(resolveStream(access, trusted, 'sms', { streamId: 'word' }).id, 'word');
});

t.test('what cannot be found says what this caller can use', async (t) => {
  const limited = caller({ streams: new Set(['invoices', 'alerts']), rawIds: false });
  const cases = [
    { channel: 'email', choice: { stream: 'invioces' }, says: /available to this caller for email: invoices$/ },
    { channel: 'email', choice: { stream: 'alerts' }, says: /another channel/ },
    { channel: 'email', choice: { stream: '532' }, says: /another channel/ },
    { channel: 'whatsapp', choice: {}, says: /no stream "whatsapp".*: none$/ },
  ] as const;
  for (const { channel, choice, says } of cases) {
    const error = thrownBy(() => resolveStream(access, limited, channel, choice));
    t.match(error, { code: 'stream_not_configured', status: 400, message: says, outcome: 'not_sent' });
    t.match(error.options.faults, [{ pointer: '/stream', message: says }]);
  }
});

t.test('a misspelt alias is reported even to a caller for whom it could be a CommBox id', async (t) => {
  t.match(
    thrownBy(() => resolveStream(access, trusted, 'email', { stream: 'invioces' })),
    { code: 'stream_not_configured' },
  );
});

t.test('stream and streamId together are refused', async (t) => {
  const error = thrownBy(() => resolveStream(access, trusted, 'email', { stream: 'invoices', streamId: '1' }));
  t.match(error, { code: 'invalid_request', options: { faults: [{ pointer: '/streamId' }] } });
});

t.test('a text that cannot be one path segment is refused', async (t) => {
  for (const streamId of ['', '.', '..', 'a\nb', '\ud800', 'x'.repeat(256)]) {
    t.match(
      thrownBy(() => resolveStream(access, trusted, 'sms', { streamId })),
      { code: 'invalid_request' },
    );
    t.match(
      thrownBy(() => resolveRawId(access, trusted, streamId)),
      { code: 'invalid_request' },
    );
  }
});

t.test('channels, streams and raw ids that are not open to the caller are 403', async (t) => {
  const smsOnly = caller({ channels: new Set(['sms']) });
  const noRaw = caller({ channels: new Set(['sms']), rawIds: true });
  const alertsOnly = caller({ streams: new Set(['alerts']) });
  const cases = {
    'another channel': () => resolveStream(access, smsOnly, 'email', {}),
    'another alias': () => resolveStream(access, alertsOnly, 'email', { stream: 'invoices' }),
    'the id of another alias': () => resolveStream(access, alertsOnly, 'email', { streamId: encryptedId }),
    'the default of the channel': () => resolveStream(access, alertsOnly, 'email', {}),
    'a raw id without "*"': () => resolveStream(access, anyone, 'sms', { streamId: '533' }),
    'a raw id without channel raw': () => resolveStream(access, noRaw, 'sms', { streamId: '533' }),
    'drop-in: a raw id without "*"': () => resolveRawId(access, anyone, '533'),
    'drop-in: a raw id without channel raw': () => resolveRawId(access, noRaw, '533'),
    'drop-in: the id of another alias': () => resolveRawId(access, alertsOnly, encryptedId),
    'drop-in: the id of an alias of another channel': () => resolveRawId(access, noRaw, encryptedId),
  };
  for (const [name, action] of Object.entries(cases)) {
    t.match(thrownBy(action), { code: 'forbidden', status: 403, outcome: 'not_sent' }, name);
  }
});

t.test('at the drop-in door an alias’s id is that alias, but its defaults do not touch the body', async (t) => {
  const { alias, channel, account, lane, ttlHours } = alerts;
  t.match(resolveRawId(access, anyone, '532'), { alias, channel, account, lane, ttlHours });
  t.strictSame(resolveRawId(access, anyone, encryptedId).defaults, {});
  t.strictSame(resolveRawId(access, trusted, '533').defaults, {});
});

t.test('an id that several accounts have is the default account’s, and never guessed', async (t) => {
  const twins = [stream('b', { id: '5', account: 'brand-b' }), stream('c', { id: '5', account: 'brand-c' })];
  t.match(
    thrownBy(() => resolveRawId(directory({ streams: twins }), trusted, '5')),
    { code: 'invalid_request' },
  );

  const withDefault = directory({ streams: [...twins, stream('a', { id: '5' })] });
  t.equal(resolveRawId(withDefault, trusted, '5').alias, 'a');
});
