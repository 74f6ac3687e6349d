import { type ErrorCode, errorKinds, type Outcome } from '../kernel/errors.ts';
import { errorTexts } from './error-texts.ts';

export const MESSAGE_ID = 'msg_01M81Q9GC80000GWDSAHA10G8G';
export const REQUEST_ID = '225afd9c-4980-437e-b728-3166a8795388';
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const AT = '2026-11-22T13:31:53.096Z';

export const sentExample = {
  id: MESSAGE_ID,
  status: 'sent',
  channel: 'sms',
  stream: 'sms',
  streamId: '532',
  objectId: '294161',
  attempts: 1,
  createdAt: AT,
  sentAt: '2026-11-22T13:31:53.107Z',
};

export const acceptedExample = { id: MESSAGE_ID, status: 'queued', lane: 'normal', position: 0, estimatedStart: AT };

const messageFields = {
  caller: 'billing',
  reference: 'order-4711',
  lane: 'normal',
  sendAt: null,
  expiresAt: '2026-11-23T13:31:53.096Z',
  waitingFor: null,
  waitingSince: null,
  code: null,
  upstream: null,
  resendOf: null,
};

export const messageExample = {
  ...sentExample,
  ...messageFields,
  outcome: 'sent',
  attemptLog: [{ at: AT, durationMs: 11, outcome: 'sent', upstreamStatus: 200 }],
};

export const queuedExample = {
  ...messageExample,
  status: 'queued',
  objectId: null,
  attempts: 0,
  sentAt: null,
  waitingFor: 'paused',
  waitingSince: AT,
  outcome: null,
  attemptLog: [],
};

export const unknownExample = {
  ...messageExample,
  status: 'unknown',
  objectId: null,
  sentAt: null,
  code: 'commbox_timeout',
  outcome: 'unknown',
  attemptLog: [{ at: AT, durationMs: 30_012, outcome: 'unclear', upstreamStatus: null }],
};

/** What only some codes bring along. */
const particulars: Partial<Record<ErrorCode, object>> = {
  invalid_request: { errors: [{ pointer: '/subject', message: 'is required' }] },
  commbox_throttled: { messageId: MESSAGE_ID },
  commbox_rejected: { messageId: MESSAGE_ID, upstream: { status: 400, description: 'Bad request' } },
  commbox_stream_not_found: { messageId: MESSAGE_ID, upstream: { status: 404, description: 'Not found' } },
  commbox_unauthorized: { messageId: MESSAGE_ID, upstream: { status: 401, description: 'Unauthorized' } },
  commbox_unreachable: { messageId: MESSAGE_ID },
  commbox_error: { messageId: MESSAGE_ID, upstream: { status: 500, description: 'Operation failed' } },
  commbox_timeout: { messageId: MESSAGE_ID },
};

/** The problem document of a code, as a caller might get it. */
export function problemExample(code: ErrorCode): object {
  const { status, title, outcome }: { status: number; title: string; outcome?: Outcome } = errorKinds[code];
  return {
    type: `urn:commbox-gateway:problem:${code}`,
    title,
    status,
    detail: `${errorTexts[code].replaceAll('`', '')}.`,
    code,
    ...(outcome !== undefined && { outcome }),
    requestId: REQUEST_ID,
    ...particulars[code],
  };
}

/** The same at the drop-in door. */
export function dropInProblemExample(code: ErrorCode): object {
  const problem = problemExample(code) as { readonly detail: string };
  return { ...problem, description: problem.detail, response_time: AT };
}

export const envelopeExample = {
  status: 200,
  description: 'OK',
  response_time: '2026-11-22T13:27:14.392Z',
  data: { id: 294160 },
};
