import { bytes, integer, positive, type Variable } from '../variable.ts';

const MINUTE_MS = 60_000;
const MIB = 1024 ** 2;
const TEN_YEARS_DAYS = 3650;
const YEAR_HOURS = 8760;

/** Limits and times of a message's way through the gateway. */
export const deliveryVariables = {
  SYNC_WAIT_MS: integer(
    { minimum: 0, maximum: MINUTE_MS },
    { default: '10000', description: 'How long a plain request waits for its turn at CommBox.' },
  ),
  UPSTREAM_TIMEOUT_MS: integer(
    { minimum: 1, maximum: 10 * MINUTE_MS },
    { default: '30000', description: "From the last byte written to CommBox to the end of CommBox's answer." },
  ),
  UPSTREAM_CONCURRENCY: integer(
    { minimum: 1, maximum: 1024 },
    { default: '32', description: 'Attempts in flight per account.' },
  ),
  UPSTREAM_RATE: positive(100_000, {
    default: null,
    defaultNote: 'learned',
    description: 'Messages per second per account, if the contract with CommBox states it.',
  }),
  QUEUE_LIMIT: integer(
    { minimum: 1, maximum: 1_000_000_000 },
    {
      default: '1000000',
      description:
        'Stored messages that may wait; beyond, the answer is 503 `overloaded`. `critical` ones may exceed it by a tenth.',
    },
  ),
  BODY_LIMIT: bytes(256 * MIB, { default: '1MiB', description: 'Largest JSON body, base64 attachments included.' }),
  ATTACHMENT_LIMIT: bytes(1024 * MIB, {
    default: '25MiB',
    description: 'Multipart: all files of a message together.',
  }),
  ATTACHMENT_COUNT: integer(
    { minimum: 1, maximum: 1000 },
    { default: '10', description: 'Multipart: files of a message.' },
  ),
  MESSAGE_TTL_HOURS: positive(YEAR_HOURS, {
    default: '24',
    description: 'When a message that states no `expiresAt` expires, counted from its `sendAt`.',
  }),
  RETENTION_DAYS: positive(TEN_YEARS_DAYS, {
    default: '30',
    description: 'How long a message is listed, from its final state.',
  }),
  IDEMPOTENCY_HOURS: positive(YEAR_HOURS, {
    default: '24',
    description: 'How long an idempotency key is remembered, from the final state.',
  }),
} as const satisfies Record<string, Variable>;
