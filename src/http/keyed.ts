import type { FastifyRequest } from 'fastify';
import type { SpooledFile } from '../attachments/spool.ts';
import { type Fingerprinter, parseIdempotencyKey } from '../delivery/fingerprint.ts';
import type { KeyClaim } from '../store/key-record.ts';
import { callerOf } from './auth.ts';

/** What a request with this body claims by its `Idempotency-Key`; null without one. */
export function claimOf(
  request: FastifyRequest,
  fingerprinter: Fingerprinter,
  content: {
    readonly route: string;
    readonly jsonText: string;
    readonly streamId?: string;
    readonly files?: readonly SpooledFile[];
  },
): KeyClaim | null {
  const key = parseIdempotencyKey(request.headers['idempotency-key']);
  if (key === null) return null;
  const { route, jsonText, streamId = null, files = [] } = content;
  return fingerprinter.claim({ caller: callerOf(request).name, route, key, jsonText, streamId, files });
}
