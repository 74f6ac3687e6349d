import type { Clock } from '../kernel/clock.ts';
import type { FlowKey } from '../pacing/scheduler.ts';
import { AttachmentDamaged, StorageUnavailable } from '../store/errors.ts';
import type { MessageRow } from '../store/message-row.ts';
import type { TakePick } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import { flowName } from './flow-lines.ts';
import { type Message, takenMessage } from './message.ts';

/** The stored messages of one account that wait for nobody in particular. */
export interface Backlog {
  /** Whether the flow may hold some that are ready. Cheap, and never wrong in saying no. */
  mayHold(flow: FlowKey): boolean;
  isTaking(): boolean;
  /** Some of the flow may have become ready. */
  notice(flow: FlowKey): void;
  /**
   * Takes the messages of the picks, oldest first; they are `sending` then. Never rejects: while the store cannot be read
   * it finds nothing, and looks again later.
   */
  take(picks: readonly TakePick[]): Promise<readonly Message[]>;
}

export interface BacklogOptions {
  readonly account: string;
  readonly store: Store;
  readonly clock: Clock;
  /** Whether a taken message was revoked: it is not sent then. */
  readonly isRevoked: (id: string, takenAt: number) => boolean;
  /** Puts back what the take at this time moved, in case it did: its answer got lost. */
  readonly undoTake: (takenAt: number) => void;
  /** A taken message whose files cannot be fetched now goes back. */
  readonly giveBack: (message: Message) => void;
  /** Called with the flows into which it is worth looking again. */
  readonly onRetry: (flows: readonly FlowKey[]) => void;
  /** Told of every error that kept messages from being taken, and of null once they have been for a while without one. */
  readonly onTrouble: (error: unknown) => void;
}

const RETRY_MS = 1_000;
const CLOSE_MS = 1_000;
/** What fails only now and then is one trouble, not many. */
const CALM_MS = 5_000;

export function createBacklog(options: BacklogOptions): Backlog {
  const { account, store, clock, isRevoked, undoTake, giveBack, onRetry, onTrouble } = options;
  /** The flows that may hold ready messages, and how often that was noticed. */
  const noticed = new Map<string, number>();
  let isTaking = false;
  let latest = 0;
  let isTroubled = false;
  let cancelCalm: (() => void) | null = null;

  const troubled = (error: unknown) => {
    isTroubled = true;
    cancelCalm?.();
    cancelCalm = null;
    onTrouble(error);
  };
  const took = () => {
    if (!isTroubled || cancelCalm !== null) return;
    cancelCalm = clock.schedule(CALM_MS, () => {
      isTroubled = false;
      cancelCalm = null;
      onTrouble(null);
    });
  };

  /** Names a take, so that no other one close to it has the same. A clock may stand still, or be set back a little. */
  const timeOfTake = () => {
    const now = clock.now();
    latest = now <= latest && latest - now < CLOSE_MS ? latest + 1 : now;
    return latest;
  };

  const withFiles = async (row: MessageRow, takenAt: number): Promise<Message | null> => {
    const { payload } = row;
    if (payload === null) return null;
    if (payload.kind === 'json') return takenMessage(row, payload, takenAt);
    try {
      return takenMessage(row, { ...payload, files: await store.localFiles(row) }, takenAt);
    } catch (error) {
      if (error instanceof AttachmentDamaged) return takenMessage(row, payload, takenAt, true);
      // Whatever the cause, it would be lost if it stayed taken.
      giveBack(takenMessage(row, payload, takenAt));
      troubled(error);
      return null;
    }
  };

  /** A flow that gave less than it was asked for has no more, unless some came meanwhile. */
  const forgetEmpty = (
    picks: readonly TakePick[],
    rows: readonly MessageRow[],
    seen: readonly (number | undefined)[],
  ) => {
    const given = new Map<string, number>();
    for (const row of rows) given.set(flowName(row), (given.get(flowName(row)) ?? 0) + 1);
    picks.forEach((pick, i) => {
      const name = flowName(pick);
      const isEmpty = pick.before === undefined && (given.get(name) ?? 0) < pick.limit;
      if (isEmpty && noticed.get(name) === seen[i]) noticed.delete(name);
    });
  };

  return {
    mayHold: (flow) => noticed.has(flowName(flow)),
    isTaking: () => isTaking,
    notice(flow) {
      const name = flowName(flow);
      noticed.set(name, (noticed.get(name) ?? 0) + 1);
    },
    async take(picks) {
      isTaking = true;
      const seen = picks.map((pick) => noticed.get(flowName(pick)));
      const now = timeOfTake();
      try {
        const rows = await store.take({ account, now, picks });
        took();
        forgetEmpty(picks, rows, seen);
        const valid = rows.filter(({ id }) => !isRevoked(id, now));
        const messages = await Promise.all(valid.map((row) => withFiles(row, now)));
        return messages.filter((message) => message !== null);
      } catch (error) {
        troubled(error);
        // What cannot be read would be taken again and again.
        if (error instanceof StorageUnavailable) undoTake(now);
        for (const pick of picks) noticed.delete(flowName(pick));
        clock.schedule(RETRY_MS, () => onRetry(picks.map(({ lane, caller }) => ({ lane, caller }))));
        return [];
      } finally {
        isTaking = false;
      }
    },
  };
}
