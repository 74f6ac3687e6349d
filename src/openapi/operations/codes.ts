import type { ErrorCode } from '../../kernel/errors.ts';

/** What every route behind a key can answer. */
export const CALLER = ['unauthorized', 'rate_limited', 'overloaded', 'internal_error'] as const;

/** The same for a route that reads or writes stored messages. */
export const STORED = [...CALLER, 'storage_unavailable'] as const;

/** What is wrong with a body before its fields are looked at, and with the fields. */
export const BODY = ['invalid_request', 'payload_too_large', 'unsupported_media_type'] as const;

/** What a caller, a stream or a recipient may be refused for. */
export const PERMISSION = ['stream_not_configured', 'forbidden', 'recipient_not_allowed'] as const;

/** What becomes of a send once it is accepted, or instead. */
export const DELIVERY = [
  ...['idempotency_in_flight', 'idempotency_mismatch', 'conflict', 'commbox_throttled', 'commbox_rejected'],
  ...['commbox_stream_not_found', 'commbox_unauthorized', 'commbox_unreachable', 'commbox_error', 'commbox_timeout'],
  'shutting_down',
] as const satisfies readonly ErrorCode[];
