import { GatewayError } from '../kernel/errors.ts';

/** What one message may carry in files: `ATTACHMENT_LIMIT` and `ATTACHMENT_COUNT`. */
export interface AttachmentLimits {
  /** Bytes of all files of one message together, after decoding. */
  readonly attachmentBytes: number;
  readonly attachmentCount: number;
}

/** What a multipart request may carry. */
export interface MultipartLimits extends AttachmentLimits {
  /** Bytes of the part `data`: `BODY_LIMIT`. */
  readonly dataBytes: number;
}

/** Bytes that one request may still use. */
export interface ByteBudget {
  /** Throws the budget's 413 as soon as more was taken than there is; nothing is given back. */
  take(bytes: number): void;
}

/** A budget of `limit` bytes. `exceeded` makes the error that the caller of the gateway will see. */
export function createByteBudget(limit: number, exceeded: () => GatewayError): ByteBudget {
  let taken = 0;
  return {
    take(bytes) {
      taken += bytes;
      if (taken > limit) throw exceeded();
    },
  };
}

/** A 413; `message` names the limit. `pointer` is where the excess stands in what the caller sent. */
export function payloadTooLarge(pointer: string, message: string): GatewayError {
  return new GatewayError('payload_too_large', message, { faults: [{ pointer, message }] });
}

/** Refuses more than `attachmentCount` files with a 413. */
export function checkAttachmentCount(count: number, limits: AttachmentLimits, pointer: string): void {
  if (count > limits.attachmentCount) {
    throw payloadTooLarge(pointer, `at most ${limits.attachmentCount} attachments are allowed (ATTACHMENT_COUNT)`);
  }
}

/** The budget that all files of one message share. */
export function createAttachmentBudget(limits: AttachmentLimits, pointer: string): ByteBudget {
  return createByteBudget(limits.attachmentBytes, () =>
    payloadTooLarge(
      pointer,
      `all attachments together may have at most ${limits.attachmentBytes} bytes (ATTACHMENT_LIMIT)`,
    ),
  );
}
