import t from 'tap';
import { isMatch } from '../../src/delivery/match.ts';
import type { ListFilter } from '../../src/store/requests.ts';
import { queuedMessage } from '../support/messages.ts';

t.test('a filter means the same here as in a store', async (t) => {
  const message = { ...queuedMessage(1_000), stream: 'alerts', streamId: '532', reference: 'run', caller: 'shop' };
  const raw = { ...message, stream: null, reference: null };
  const { channel } = message;
  const matching: ListFilter[] = [
    {},
    { states: ['sent', 'queued'], channel, stream: 'alerts', reference: 'run', caller: 'shop', from: 1_000, to: 1_001 },
  ];
  const others: ListFilter[] = [
    { states: [] },
    { states: ['sent'] },
    { channel: channel === 'email' ? 'sms' : 'email' },
    { stream: '532' },
    { reference: 'other' },
    { caller: 'other' },
    { from: 1_001 },
    { to: 1_000 },
  ];
  for (const filter of matching) t.equal(isMatch(message, filter), true, JSON.stringify(filter));
  for (const filter of others) t.equal(isMatch(message, filter), false, JSON.stringify(filter));
  t.equal(isMatch(raw, { stream: '532' }), true, 'a stream without an alias goes by its id');
  t.equal(isMatch(raw, { reference: 'run' }), false);
});
