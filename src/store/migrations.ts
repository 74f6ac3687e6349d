/** One step of a schema. Steps are numbered from 1, only ever added, and never changed once released. */
export interface Migration {
  readonly version: number;
  /** One or more statements in the store's own dialect, to be run in one transaction with the note of `version`. */
  readonly sql: string;
}

/** The data was written by a newer gateway, whose rules this one does not know. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
}

/**
 * The steps that are still to be taken, in order. Call it, and take them, under a lock: two processes may start at once.
 *
 * @param current version noted in the database; 0 for an empty one
 * @param place what the operator knows the database by; never holds a password
 * @throws {SchemaTooNew} if `current` is beyond the last step
 */
export function pendingMigrations(all: readonly Migration[], current: number, place: string): readonly Migration[] {
  const known = all.at(-1)?.version ?? 0;
  if (current > known) {
    throw new SchemaTooNew(
      `${place} has schema version ${current}, and this gateway knows versions up to ${known} only: ` +
        'start the newer gateway again, or restore a backup from before its first start',
    );
  }
  return all.slice(current);
}
