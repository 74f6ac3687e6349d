import t from 'tap';
import { createBacklog } from '../../src/delivery/backlog.ts';
import { rowOf } from '../../src/delivery/ledger.ts';
import type { Message } from '../../src/delivery/message.ts';
import { AttachmentDamaged, type MessageRow, StorageUnavailable, type Store } from '../../src/store/store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const file = { path: '/spool/a', name: 'a.txt', contentType: null, size: 1, sha256: 'x' };
const row = (): MessageRow => ({ ...rowOf(queuedMessage(0, { mode: 'async' })), state: 'sending' });
const withFile = (): MessageRow => ({ ...row(), payload: { kind: 'multipart', data: '{}', files: [file] } });

function setUp(methods: Partial<Store>) {
  const clock = createManualClock();
  const givenBack: Message[] = [];
  let retries = 0;
  const backlog = createBacklog({
    account: 'default',
    store: createFakeStore(methods),
    clock,
    giveBack: (message) => givenBack.push(message),
    onRetry: () => {
      retries++;
      backlog.notice();
    },
  });
  return { backlog, clock, givenBack, retries: () => retries };
}

t.test('it asks the store until that has no more, and again when there is news', async (t) => {
  const rows = [row(), row(), row()];
  const asked: unknown[] = [];
  const take: Store['take'] = async (request) => {
    asked.push(request);
    return rows.splice(0, request.limit);
  };
  const { backlog, clock } = setUp({ take });
  t.equal(backlog.mayHold(), true, 'what an earlier process left is looked for');
  t.equal((await backlog.take(2, undefined)).length, 2);
  t.equal(backlog.mayHold(), true);
  t.equal((await backlog.take(2, undefined)).length, 1);
  t.equal(backlog.mayHold(), false);
  backlog.notice();
  t.equal(backlog.mayHold(), true);
  t.strictSame(asked[0], { account: 'default', limit: 2, now: clock.now() });
});

t.test('that none is older than somebody who waits does not mean that there is none', async (t) => {
  const { backlog } = setUp({ take: async () => [] });
  await backlog.take(2, 'msg_1');
  t.equal(backlog.mayHold(), true);
});

t.test('news that comes while the store is asked is not lost', async (t) => {
  const asked = Promise.withResolvers<MessageRow[]>();
  const { backlog } = setUp({ take: () => asked.promise });
  const taking = backlog.take(2, undefined);
  t.equal(backlog.isTaking(), true);
  backlog.notice();
  asked.resolve([]);
  await taking;
  t.equal(backlog.isTaking(), false);
  t.equal(backlog.mayHold(), true);
});

t.test('while the store is out of reach it finds nothing, and looks again a second later', async (t) => {
  let isDown = true;
  const take: Store['take'] = async () => {
    if (isDown) throw new StorageUnavailable('down');
    return [row()];
  };
  const { backlog, clock, retries } = setUp({ take });
  t.strictSame(await backlog.take(2, undefined), []);
  t.equal(backlog.mayHold(), false);
  isDown = false;
  await clock.advance(1_000);
  t.equal(retries(), 1);
  t.equal((await backlog.take(2, undefined)).length, 1);
});

t.test('files are fetched with the message', async (t) => {
  const here = { ...file, path: '/here/a' };
  const { backlog } = setUp({ take: async () => [withFile()], localFiles: async () => [here] });
  t.match(await backlog.take(2, undefined), [{ state: 'sending', isStored: true, payload: { files: [here] } }]);
});

t.test('a message whose files cannot be had now goes back, and costs the others nothing', async (t) => {
  for (const error of [new StorageUnavailable('down'), new Error('a bug')]) {
    const [bad, good] = [withFile(), row()];
    const localFiles = async () => {
      throw error;
    };
    const { backlog, givenBack } = setUp({ take: async () => [bad, good], localFiles });
    t.match(await backlog.take(2, undefined), [{ id: good.id }]);
    t.match(givenBack, [{ id: bad.id }]);
  }
});

t.test('a message whose files are damaged is for the attempt to refuse', async (t) => {
  const localFiles = async () => {
    throw new AttachmentDamaged('gone');
  };
  const { backlog, givenBack } = setUp({ take: async () => [withFile()], localFiles });
  t.equal((await backlog.take(2, undefined)).length, 1);
  t.strictSame(givenBack, []);
});
