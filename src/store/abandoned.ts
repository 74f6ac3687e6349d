import type { StoredFailure } from './message-row.ts';

/** What `recover` says of a message that was being sent when its process ended. */
export const interrupted: StoredFailure = {
  code: 'commbox_error',
  outcome: 'unknown',
  detail: 'The gateway stopped while the message was being sent. CommBox may or may not have taken it.',
  upstream: null,
};

/** The same of one whose caller waited, and which had not begun. */
export const neverSent: StoredFailure = {
  code: 'shutting_down',
  outcome: 'not_sent',
  detail: 'The gateway stopped before the message could be sent. Nothing was sent; repeat the request.',
  upstream: null,
};
