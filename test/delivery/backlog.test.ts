import t from 'tap';
import { createBacklog } from '../../src/delivery/backlog.ts';
import type { Draft, Message } from '../../src/delivery/message.ts';
import { rowOf } from '../../src/delivery/stored-message.ts';
import { createBacklogAlarms } from '../../src/observability/backlog-alarms.ts';
import { createLog } from '../../src/observability/log.ts';
import type { FlowKey } from '../../src/pacing/scheduler.ts';
import { AttachmentDamaged, StorageUnavailable } from '../../src/store/errors.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { Store } from '../../src/store/store.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const file = { path: '/spool/a', name: 'a.txt', contentType: null, size: 1, sha256: 'x' };
const flow = { lane: 'normal', caller: 'shop' } as const;
const other = { lane: 'bulk', caller: 'news' } as const;
const two = [{ ...flow, limit: 2 }];
const row = (members: Partial<Draft> = {}): MessageRow => ({
  ...rowOf(queuedMessage(0, { mode: 'async', ...members })),
  state: 'sending',
});
const withFile = (): MessageRow => ({ ...row(), payload: { kind: 'multipart', data: '{}', files: [file] } });

function setUp(methods: Partial<Store>) {
  const clock = createManualClock();
  const givenBack: Message[] = [];
  const retried: FlowKey[][] = [];
  const undone: number[] = [];
  const log = createLogCapture();
  const alarm = createBacklogAlarms(createLog({ level: 'info', sink: log }));
  const backlog = createBacklog({
    account: 'default',
    store: createFakeStore(methods),
    clock,
    isRevoked: (id) => id === 'msg_revoked',
    undoTake: (takenAt) => undone.push(takenAt),
    giveBack: (message) => givenBack.push(message),
    onRetry: (flows) => {
      retried.push([...flows]);
      for (const each of flows) backlog.notice(each);
    },
    onTrouble: (error) => alarm('default', error),
  });
  return { backlog, clock, givenBack, retried, undone, log };
}

t.test('it asks the store until that has no more, and again when there is news', async (t) => {
  const rows = [row(), row(), row()];
  const asked: unknown[] = [];
  const take: Store['take'] = async (request) => {
    asked.push(request);
    return rows.splice(0, request.picks[0]?.limit);
  };
  const { backlog, clock } = setUp({ take });
  t.equal(backlog.mayHold(flow), false, 'of what nobody told it knows nothing');
  backlog.notice(flow);
  t.equal((await backlog.take(two)).length, 2);
  t.equal(backlog.mayHold(flow), true);
  t.equal((await backlog.take(two)).length, 1);
  t.equal(backlog.mayHold(flow), false);
  backlog.notice(flow);
  t.equal(backlog.mayHold(flow), true);
  t.strictSame(asked[0], { account: 'default', picks: two, now: clock.now() });
});

t.test('each flow is judged by what itself gave', async (t) => {
  const { backlog } = setUp({ take: async () => [row(), row(), row(other)] });
  backlog.notice(flow);
  backlog.notice(other);
  await backlog.take([...two, { ...other, limit: 2 }]);
  t.equal(backlog.mayHold(flow), true);
  t.equal(backlog.mayHold(other), false);
});

t.test('that none is older than somebody who waits does not mean that there is none', async (t) => {
  const { backlog } = setUp({ take: async () => [] });
  backlog.notice(flow);
  await backlog.take([{ ...flow, limit: 2, before: 'msg_1' }]);
  t.equal(backlog.mayHold(flow), true);
});

t.test('news that comes while the store is asked is not lost', async (t) => {
  const asked = Promise.withResolvers<MessageRow[]>();
  const { backlog } = setUp({ take: () => asked.promise });
  backlog.notice(flow);
  const taking = backlog.take(two);
  t.equal(backlog.isTaking(), true);
  backlog.notice(flow);
  asked.resolve([]);
  await taking;
  t.equal(backlog.isTaking(), false);
  t.equal(backlog.mayHold(flow), true);
});

t.test('while the store is out of reach it finds nothing, and looks again a second later', async (t) => {
  let isDown = true;
  const take: Store['take'] = async () => {
    if (isDown) throw new StorageUnavailable('down');
    return [row()];
  };
  const { backlog, clock, retried } = setUp({ take });
  backlog.notice(flow);
  t.strictSame(await backlog.take(two), []);
  t.equal(backlog.mayHold(flow), false);
  isDown = false;
  await clock.advance(1_000);
  t.strictSame(retried, [[flow]]);
  t.equal((await backlog.take(two)).length, 1);
});

t.test('a take whose answer got lost is put back, and no other one', async (t) => {
  let isLost = false;
  const times: number[] = [];
  const take: Store['take'] = async ({ now }) => {
    times.push(now);
    if (isLost) throw new StorageUnavailable('the connection broke');
    return [row()];
  };
  const { backlog, undone } = setUp({ take });
  // All at one moment: what is being sent must not be put back.
  await backlog.take(two);
  isLost = true;
  await backlog.take(two);
  isLost = false;
  await backlog.take(two);
  t.equal(new Set(times).size, 3);
  t.strictSame(undone, [times[1]]);
});

t.test('what keeps messages from being taken is logged when it begins and when it ends, each kind once', async (t) => {
  let error: Error | null = null;
  const take: Store['take'] = async () => {
    if (error !== null) throw error;
    return [row()];
  };
  const { backlog, clock, log } = setUp({ take });
  const takeOften = async () => {
    for (let times = 0; times < 3; times++) await backlog.take(two);
  };
  await takeOften();
  t.strictSame(log.lines(), [], 'nothing to say while all is well');
  error = new StorageUnavailable('down');
  await takeOften();
  error = new TypeError('text of a customer');
  await takeOften();
  error = new StorageUnavailable('down');
  await takeOften();
  error = null;
  await takeOften();
  await clock.advance(5_000);
  const named = log.lines().map(({ level, account, errorName }) => ({ level, account, errorName }));
  t.strictSame(named, [
    { level: 40, account: 'default', errorName: 'StorageUnavailable' },
    { level: 50, account: 'default', errorName: 'TypeError' },
    { level: 30, account: 'default', errorName: undefined },
  ]);
  t.notMatch(log.text(), 'customer');
  error = new StorageUnavailable('down');
  await takeOften();
  t.match(log.lines().slice(3), [{ level: 40 }], 'the next time is told again');
});

t.test('files that cannot be fetched are logged until they can be, whatever comes without files', async (t) => {
  let isBroken = true;
  const localFiles = async () => {
    if (isBroken) throw new Error('a bug');
    return [file];
  };
  let takes = 0;
  const take: Store['take'] = async () => [takes++ % 2 === 0 ? withFile() : row()];
  const { backlog, clock, log } = setUp({ take, localFiles });
  const takeOften = async () => {
    for (let times = 0; times < 6; times++) {
      await backlog.take(two);
      await clock.advance(1_000);
    }
  };
  await takeOften();
  isBroken = false;
  await takeOften();
  t.match(log.lines(), [{ level: 50, errorName: 'Error' }, { level: 30 }]);
});

t.test('files are fetched with the message', async (t) => {
  const here = { ...file, path: '/here/a' };
  const { backlog } = setUp({ take: async () => [withFile()], localFiles: async () => [here] });
  t.match(await backlog.take(two), [{ state: 'sending', isStored: true, payload: { files: [here] } }]);
});

t.test('a message whose files cannot be had now goes back, and costs the others nothing', async (t) => {
  for (const error of [new StorageUnavailable('down'), new Error('a bug')]) {
    const [bad, good] = [withFile(), row()];
    const localFiles = async () => {
      throw error;
    };
    const { backlog, givenBack } = setUp({ take: async () => [bad, good], localFiles });
    t.match(await backlog.take(two), [{ id: good.id }]);
    t.match(givenBack, [{ id: bad.id }]);
  }
});

t.test('a message whose files are damaged is for the attempt to refuse', async (t) => {
  const localFiles = async () => {
    throw new AttachmentDamaged('gone');
  };
  const { backlog, givenBack } = setUp({ take: async () => [withFile()], localFiles });
  t.equal((await backlog.take(two)).length, 1);
  t.strictSame(givenBack, []);
});

t.test('what was revoked is taken, but not sent', async (t) => {
  const rows = [row(), { ...row(), id: 'msg_revoked' }, row()];
  const { backlog } = setUp({ take: async () => rows });
  backlog.notice(flow);
  const messages = await backlog.take([{ ...flow, limit: 3 }]);
  t.strictSame(
    messages.map(({ id }) => id),
    [rows[0]?.id, rows[2]?.id],
  );
  t.equal(backlog.mayHold(flow), true);
});
