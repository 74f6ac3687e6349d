import type { Test } from 'tap';
import type { Simulator } from '../../src/simulator/server.ts';
import { insist } from '../support/load.ts';
import type { LogLine } from '../support/log-capture.ts';
import type { Send, SendAnswer } from '../support/sends.ts';
import type { LedgerClient, LedgerMessage } from './ledger.ts';
import { readUpstream, type UpstreamRecord } from './upstream-record.ts';

/** All that is known after a load has been finished and everything has come to rest. */
export interface Aftermath {
  readonly sends: readonly Send[];
  readonly simulator: Simulator;
  readonly ledger: LedgerClient;
  readonly port: number;
  /** Messages that were `sending` when a process was killed. */
  readonly interrupted: ReadonlySet<string>;
  /** What was logged of attempts. */
  readonly attempts: readonly LogLine[];
}

/** The promise of durable delivery, for every send of a load. */
export async function checkDelivery(t: Test, aftermath: Aftermath): Promise<void> {
  const { sends, simulator, ledger, interrupted } = aftermath;
  const upstream = readUpstream(simulator);
  const messages = new Map((await ledger.list()).map((message) => [message.id, message]));
  const unknown = [...messages.values()].filter(({ status }) => status === 'unknown');
  t.comment(summary(sends, messages, simulator));

  t.strictSame(describe(sends.filter((send) => !hasExpectedAnswer(send))), [], 'every answer is one that it may be');
  t.strictSame(describe(sends.filter((send) => isLost(send, messages))), [], 'nothing accepted is lost');
  t.strictSame(describe(sends.filter((send) => isDoubled(send, upstream))), [], 'nothing is sent twice');
  t.strictSame(describe(sends.filter((send) => isDenied(send, upstream))), [], 'nothing is sent that was refused');
  t.strictSame(describe(sends.filter((send) => isClaimed(send, upstream))), [], 'all that is called sent was sent');
  const bySend = describe(sends.filter((send) => !agrees(send, messages, upstream)));
  t.strictSame(bySend, [], 'the ledger tells of each message what became of it');
  const texts = textsOf(sends, messages);
  const kept = [...messages.values()].filter(({ status }) => status === 'sent' || status === 'unknown');
  const perText = Map.groupBy(kept, ({ id }) => texts.get(id) ?? id);
  t.strictSame(
    [...perText.values()].filter(({ length }) => length > 1),
    [],
    'no send became two messages',
  );
  const attempts = Map.groupBy(aftermath.attempts, ({ messageId }) => messageId);
  const unexplained = unknown.filter(({ id }) => !interrupted.has(id) && !upstream.wasUnclear(texts.get(id) ?? ''));
  const told = unexplained.map((message) => ({ message, attempts: attempts.get(message.id) }));
  t.strictSame(told, [], 'only what a crash or CommBox broke off is unknown');
  await checkRepeats(t, aftermath);
  await checkReconciliation(t, unknown, texts, upstream, ledger);
}

/** A repeated key brings the first answer again and sends nothing. */
async function checkRepeats(t: Test, { sends, simulator, ledger, port }: Aftermath): Promise<void> {
  const { recorded } = simulator.counts();
  const differing: unknown[] = [];
  await forEach(
    sends.filter(({ isKeyed }) => isKeyed),
    async (send) => {
      const first = send.answers.at(-1) as SendAnswer;
      await insist(send, () => Promise.resolve(port));
      const again = send.answers.at(-1) as SendAnswer;
      if (again.id === first.id && (send.isAsync || isSame(first, again))) return;
      const now = first.id === null ? null : await ledger.end(first.id);
      // What was unknown may have become known meanwhile.
      if (now?.id === again.id && now?.status === 'sent' && first.outcome === 'unknown') return;
      differing.push({ kind: send.kind, first, again });
    },
  );
  t.strictSame(differing, [], 'a repeated key gets the first answer again');
  t.equal(simulator.counts().recorded, recorded, 'and nothing is sent for it');
}

/** What CommBox has becomes known; what it has not stays unknown and is not sent. */
async function checkReconciliation(
  t: Test,
  unknown: readonly LedgerMessage[],
  texts: ReadonlyMap<string, string>,
  upstream: UpstreamRecord,
  ledger: LedgerClient,
): Promise<void> {
  const wrong: unknown[] = [];
  await forEach(unknown, async ({ id }) => {
    const objects = upstream.objects(texts.get(id) ?? '');
    const after = await ledger.reconcile(id);
    const isRight =
      objects.length === 1
        ? after.status === 'sent' && after.objectId === objects[0]
        : after.status === 'unknown' && after.objectId === null;
    if (!isRight) wrong.push({ after, objects });
  });
  t.strictSame(wrong, [], 'reconciliation finds exactly what CommBox has');
}

// Few enough that none of them has to wait for long.
const AT_ONCE = 16;

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const isSame = (first: SendAnswer, again: SendAnswer) => first.status === again.status && first.body === again.body;

function lastAnswer({ answers }: Send): SendAnswer | undefined {
  return answers.at(-1);
}

function hasExpectedAnswer(send: Send): boolean {
  const expected = send.kind === 'dropIn' ? [200, 500, 502] : [201, 502];
  return send.answers.every(({ status }, index) => {
    const isLast = index === send.answers.length - 1;
    if (isLast && (expected.includes(status) || (send.isAsync && status === 202))) return true;
    return [429, 503].includes(status) || (!isLast && status === 409);
  });
}

function isAccepted(send: Send): boolean {
  const status = lastAnswer(send)?.status ?? 0;
  return status === 202 || (send.isKeyed && status !== 429 && status !== 503 && status !== 0);
}

function isLost(send: Send, messages: ReadonlyMap<string, LedgerMessage>): boolean {
  if (!isAccepted(send)) return send.isKeyed;
  const status = messages.get(lastAnswer(send)?.id ?? '')?.status;
  return status !== 'sent' && status !== 'unknown';
}

function isDoubled(send: Send, upstream: UpstreamRecord): boolean {
  return send.kind !== 'resend' && upstream.objects(send.text).length > 1;
}

/** Whether CommBox has something that its sender was told it has not. */
function isDenied(send: Send, upstream: UpstreamRecord): boolean {
  return lastAnswer(send)?.outcome === 'not_sent' && upstream.objects(send.text).length > 0;
}

/** Whether the sender was told of an object that CommBox does not have. */
function isClaimed(send: Send, upstream: UpstreamRecord): boolean {
  const last = lastAnswer(send);
  const objects = upstream.objects(send.text);
  if (last?.status === 201) return last.objectId === null || !objects.includes(last.objectId);
  return last?.outcome === 'sent' && objects.length === 0;
}

/** Whether the message that a send became says what CommBox says. */
function agrees(send: Send, messages: ReadonlyMap<string, LedgerMessage>, upstream: UpstreamRecord): boolean {
  const message = messages.get(lastAnswer(send)?.id ?? '');
  const objects = upstream.objects(send.text);
  if (message === undefined) return !send.isKeyed;
  switch (message.status) {
    case 'sent':
      return objects.includes(message.objectId ?? '');
    case 'unknown':
      return message.outcome === 'unknown';
    default:
      return objects.length === 0 && message.outcome === 'not_sent';
  }
}

function textsOf(sends: readonly Send[], messages: ReadonlyMap<string, LedgerMessage>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { id, reference } of messages.values()) if (reference !== null) texts.set(id, reference);
  for (const { answers, text } of sends) for (const { id } of answers) if (id !== null) texts.set(id, text);
  return texts;
}

const describe = (sends: readonly Send[]) => sends.map(({ call: _, ...send }) => send);

function summary(sends: readonly Send[], messages: ReadonlyMap<string, LedgerMessage>, simulator: Simulator): string {
  const states: Record<string, number> = {};
  for (const { status } of messages.values()) states[status] = (states[status] ?? 0) + 1;
  const accepted = sends.filter(isAccepted).length;
  const lost = sends.reduce((sum, { losses }) => sum + losses, 0);
  const facts = { sends: sends.length, accepted, lostConnections: lost, states, upstream: simulator.counts() };
  return JSON.stringify(facts);
}
