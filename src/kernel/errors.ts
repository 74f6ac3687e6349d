/** Whether CommBox may hold the message: `not_sent` = a repeat is safe; `unknown` = it may have been created. */
export type Outcome = 'not_sent' | 'unknown';

/** One thing that is wrong with a request. `pointer` is a JSON pointer (RFC 6901) into what the caller sent. */
export interface Fault {
  readonly pointer: string;
  readonly message: string;
}

/** What CommBox said, as far as a caller may see it. `status` is the status that counted. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly description: string | null;
}

interface ErrorKind {
  readonly status: number;
  readonly title: string;
  readonly outcome?: Outcome;
}

/** Every error code a caller can meet. The answers, the documentation and the tests all read this one table. */
export const errorKinds = {
  invalid_request: { status: 400, title: 'The request is invalid', outcome: 'not_sent' },
  stream_not_configured: { status: 400, title: 'No such stream for this channel', outcome: 'not_sent' },
  unauthorized: { status: 401, title: 'A valid gateway key is required', outcome: 'not_sent' },
  forbidden: { status: 403, title: 'Not allowed to this caller', outcome: 'not_sent' },
  recipient_not_allowed: { status: 403, title: 'The recipient is not on the allow-list', outcome: 'not_sent' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'The state of the message does not allow this' },
  payload_too_large: { status: 413, title: 'The request is too large', outcome: 'not_sent' },
  unsupported_media_type: { status: 415, title: 'Unsupported content type', outcome: 'not_sent' },
  idempotency_in_flight: { status: 409, title: 'The first request with this key is still running' },
  idempotency_mismatch: { status: 422, title: 'This key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests from this caller', outcome: 'not_sent' },
  commbox_throttled: { status: 429, title: "CommBox's quota is used up for now", outcome: 'not_sent' },
  commbox_rejected: { status: 422, title: 'CommBox rejected the message', outcome: 'not_sent' },
  commbox_stream_not_found: { status: 404, title: 'CommBox does not know this stream', outcome: 'not_sent' },
  commbox_unauthorized: { status: 502, title: "CommBox refused the gateway's key", outcome: 'not_sent' },
  commbox_unreachable: { status: 503, title: 'CommBox could not be reached', outcome: 'not_sent' },
  commbox_error: { status: 502, title: 'CommBox gave no usable answer', outcome: 'unknown' },
  commbox_timeout: { status: 504, title: 'CommBox did not answer in time', outcome: 'unknown' },
  overloaded: { status: 503, title: 'The gateway is overloaded', outcome: 'not_sent' },
  shutting_down: { status: 503, title: 'The gateway is shutting down', outcome: 'not_sent' },
  storage_unavailable: { status: 503, title: "The gateway's storage is unavailable", outcome: 'not_sent' },
  internal_error: { status: 500, title: 'A fault in the gateway' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export interface GatewayErrorOptions {
  /** Replaces the outcome that the code implies. */
  readonly outcome?: Outcome;
  readonly faults?: readonly Fault[];
  readonly upstream?: UpstreamAnswer;
  /** Becomes `Retry-After`, rounded up to whole seconds. */
  readonly retryAfterMs?: number;
  readonly messageId?: string;
  /** Further response headers that belong to this error, e.g. `Allow` (RFC 9110, 15.5.6). */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * A failure with a stable code that a caller may see. `detail` is written for the caller and holds neither secrets
 * nor personal data; `cause` is for the log only.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly outcome: Outcome | undefined;
  readonly options: GatewayErrorOptions;

  constructor(code: ErrorCode, detail: string, options: GatewayErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    const kind: ErrorKind = errorKinds[code];
    this.code = code;
    this.status = kind.status;
    this.outcome = options.outcome ?? kind.outcome;
    this.options = options;
  }
}

/** The most faults one answer lists. */
export const MAX_FAULTS = 20;

/** A 400 for faults in a request; `detail` repeats the first, because many clients show only that. */
export function invalidRequest(faults: readonly Fault[]): GatewayError {
  const [first] = faults;
  const where = first === undefined ? 'the request is invalid' : stated(first);
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new GatewayError('invalid_request', `${where}${more}`, { faults: faults.slice(0, MAX_FAULTS) });
}

// A fault outside the members, such as a header's, names its own place.
function stated({ pointer, message }: Fault): string {
  if (pointer === '' && message.startsWith('the ')) return message;
  return `${pointer || 'the body'}: ${message}`;
}
