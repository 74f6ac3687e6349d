import type { ErrorCode } from '../kernel/errors.ts';

/** When each code is answered, for the people who call the gateway. One line of Markdown each. */
export const errorTexts: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'Body, parameter or header is invalid; `errors` says where',
  stream_not_configured:
    'No stream is named and there is no default, the alias is unknown, or it is of another channel',
  unauthorized: 'The gateway key is missing or unknown',
  forbidden: 'Channel, stream, lane or filter is not allowed to this caller',
  recipient_not_allowed: 'A recipient is not on the allow-list of this gateway',
  not_found: 'The route is unknown, or no message of this caller has that id',
  method_not_allowed: 'The route exists with other methods, which `Allow` lists',
  conflict: 'The state of the message does not allow it, e.g. cancelling what is no longer queued',
  payload_too_large: 'The body or its files are over the limit; larger files go as multipart',
  unsupported_media_type: 'The content type is not one that this route takes, or the body is compressed',
  idempotency_in_flight: 'The first request with this key is still running; repeat after `Retry-After`',
  idempotency_mismatch: 'The same idempotency key came with another request',
  rate_limited:
    "The caller's own limit is used up, or too many authentications from its address failed; repeat after `Retry-After`",
  commbox_throttled:
    "CommBox's quota is used up, longer than the request was willing to wait, or than `expiresAt` allowed",
  commbox_rejected: 'CommBox answered with another 4xx; `upstream` says why',
  commbox_stream_not_found: 'CommBox answered 404',
  commbox_unauthorized: "CommBox answered 401 or 403: the gateway's key is at fault, not the caller's",
  commbox_unreachable: 'DNS, connect or TLS failed before a byte was written',
  commbox_error: 'CommBox answered 5xx or unusably, or the connection broke after the request began to be written',
  commbox_timeout: 'Time ran out after the request began to be written',
  overloaded:
    'Too much is waiting already, or those who run the gateway have paused the sending; repeat after `Retry-After`',
  shutting_down: 'The process is stopping; repeat after `Retry-After`',
  storage_unavailable: 'The database or the disk does not answer; repeat after `Retry-After`',
  internal_error: 'A fault in the gateway; the log has it under `requestId`',
};
