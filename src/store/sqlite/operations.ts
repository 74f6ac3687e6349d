import { createAccepting } from './accepting.ts';
import { createContent } from './content.ts';
import type { StoreContext } from './context.ts';
import { createEnding } from './ending.ts';
import { createKeys } from './keys.ts';
import { createPacing } from './pacing.ts';
import { createPauses } from './pauses.ts';
import { createReading } from './reading.ts';
import { createReconciling } from './reconciling.ts';
import { createRecording } from './recording.ts';
import { createRecovering } from './recovering.ts';
import { createSettling } from './settling.ts';
import { createSweeping } from './sweeping.ts';
import { createTaking } from './taking.ts';
import { createWaiting } from './waiting.ts';

const TOUCH = `INSERT INTO meta (name, value) VALUES ('checked_at', :now)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
const SECRET = `SELECT value FROM meta WHERE name = 'secret'`;

/**
 * Everything the store does with the database, as synchronous functions whose arguments and results can be sent to
 * another thread. Each expects to run in a transaction of its own, or in a savepoint, and throws what SQLite throws.
 */
export function createOperations(context: StoreContext) {
  const content = createContent(context);
  const keys = createKeys(context);
  return {
    ...createAccepting(context, content, keys),
    ...createRecording(context, content),
    ...createTaking(context),
    ...createWaiting(context),
    ...createSettling(context, content, keys),
    ...createEnding(context, keys),
    ...createReading(context),
    ...createRecovering(context, keys),
    ...createReconciling(context),
    ...createSweeping(context, content, keys),
    ...createPacing(context),
    ...createPauses(context),
    findKey: keys.find,
    findKeyed: keys.findKeyed,
    forgetBatch: keys.forgetBatch,
    secret: () => context.database.one(SECRET)?.['value'] as Uint8Array,
    /** Fails if nothing can be written now. */
    check: (now: number): void => void context.database.run(TOUCH, { now }),
  };
}

export type Operations = ReturnType<typeof createOperations>;
export type OperationName = keyof Operations;

/** Operations that read only: they need no transaction, and still work while nothing can be written. */
export const readOperations: ReadonlySet<OperationName> = new Set<OperationName>([
  'foreseeBatch',
  'findKey',
  'findKeyed',
  'get',
  'list',
  'readyFlows',
  'backlog',
  'queuedCount',
  'unknownCount',
  'position',
  'pacing',
  'pauses',
  'neededFiles',
  'secret',
]);

/** Operations that change what this process remembers, which no rollback takes back: they are never run a second time. */
export const singleOperations: ReadonlySet<OperationName> = new Set<OperationName>(['heartbeat', 'giveLeaseBack']);
