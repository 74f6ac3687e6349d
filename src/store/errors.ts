/**
 * The store cannot be reached or written now. Nothing of the call took effect, or whether it did is unknown. The message
 * holds nothing of a stored message; `cause` is for the log.
 */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
}

/** A stored attachment is missing or is not what was stored: the message cannot be sent as it was accepted. */
export class AttachmentDamaged extends Error {
  override readonly name = 'AttachmentDamaged';
}
