import t from 'tap';
import { toGatewayError } from '../../src/http/errors.ts';
import { AttachmentDamaged } from '../../src/store/errors.ts';

t.test('a file that changed before it was stored is the disk’s fault: nothing was accepted', async (t) => {
  const cause = new AttachmentDamaged('a stored attachment is missing or damaged');
  const error = toGatewayError(cause);
  t.match(error, { code: 'storage_unavailable', outcome: 'not_sent', options: { retryAfterMs: 5_000 } });
  t.equal(error.cause, cause);
});
