import { invalidRequest } from '../kernel/errors.ts';

/**
 * Path of a stream's objects below the account's base path. The id becomes exactly one segment, whatever it holds:
 * encrypted ids are base64 and contain `/`, `+` and `=`.
 *
 * @throws GatewayError `invalid_request` for the ids that no encoding can make safe: `.` and `..` stay dot segments
 * even as `%2e%2e` (WHATWG URL, "double-dot URL path segment"), so a server may climb with them; a lone surrogate
 * has no UTF-8 form.
 */
export function streamObjectsPath(basePath: string, streamId: string): string {
  if (streamId === '' || streamId === '.' || streamId === '..' || !streamId.isWellFormed()) {
    throw invalidRequest([{ pointer: '/stream', message: 'must be a stream id: not empty, "." or ".."' }]);
  }
  return `${basePath}/streams/${encodeURIComponent(streamId)}/objects`;
}
