/**
 * The store cannot be reached or written now. Nothing of the call took effect, or whether it did is unknown. The message
 * holds nothing of a stored message; `cause` is for the log.
 */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
}

/**
 * How long a call that rejected may be under way all the same, in milliseconds: PostgreSQL goes on with a statement whose
 * connection is lost, for 15 s at most.
 */
export const UNDER_WAY_MS = 20_000;

/** A stored attachment is missing or is not what was stored: the message cannot be sent as it was accepted. */
export class AttachmentDamaged extends Error {
  override readonly name = 'AttachmentDamaged';
}
