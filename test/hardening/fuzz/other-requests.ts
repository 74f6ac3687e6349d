import fc from 'fast-check';
import { wildText } from './bodies.ts';
import { type FuzzRequest, json, key, NARROW_KEY, odd } from './request.ts';

/** `:known` stands for a message that there is. */
const id = fc.oneof(
  fc.constant(':known'),
  fc.constantFrom('msg_01M81Z3G5Z000002WPBEVHZSJ1', 'x', '%00', '..', 'cancel'),
  fc.string({ maxLength: 30 }).map((text) => encodeURIComponent(text)),
);
const query = fc.dictionary(
  fc.constantFrom(
    'status',
    'channel',
    'stream',
    'reference',
    'caller',
    'from',
    'to',
    'limit',
    'cursor',
    '__proto__',
    'x',
  ),
  fc.oneof(
    fc.constantFrom('sent', 'sms', 'unknown,failed', '1', '201', '-1', '2026-01-01T00:00:00Z', ':known'),
    fc.string({ maxLength: 30 }),
  ),
  { maxKeys: 4 },
);
export const reads = fc
  .tuple(
    id,
    query,
    fc.constantFrom('one', 'list', 'me', 'pacing', 'livez', 'readyz', 'metrics', 'openapi.json', 'docs', 'HEAD'),
    key,
    odd,
  )
  .map(([one, params, what, auth, headers]): FuzzRequest => {
    const path = {
      one: `/v1/messages/${one}`,
      list: `/v1/messages?${new URLSearchParams(params)}`,
      me: '/v1/me',
      pacing: '/v1/pacing',
    }[what as string];
    const { prefer: _, ...rest } = headers;
    const method = what === 'HEAD' ? 'HEAD' : 'GET';
    return {
      kind: 'wild',
      method,
      path: path ?? `/${what === 'HEAD' ? 'livez' : what}`,
      headers: { ...rest, ...auth },
      body: null,
    };
  });
export const actions = fc
  .tuple(
    id,
    fc.constantFrom('cancel', 'resend', 'reconcile', 'resolve'),
    fc.oneof(fc.constantFrom('', '{"as":"failed"}', '{"as":"sent"}'), wildText),
    key,
  )
  .map(
    ([one, action, body, auth]): FuzzRequest => ({
      kind: 'wild',
      method: 'POST',
      path: `/v1/messages/${one}/${action}`,
      headers: { ...json, ...auth },
      body,
    }),
  );
// Not by an admin: whoever stops everything has stopped everything.
export const steering = fc
  .tuple(fc.constantFrom('default', 'x', '%00'), fc.constantFrom('pause', 'resume'), wildText)
  .map(
    ([account, action, body]): FuzzRequest => ({
      kind: 'wild',
      method: 'POST',
      path: `/v1/pacing/${account}/${action}`,
      headers: { ...json, 'x-api-key': NARROW_KEY },
      body,
    }),
  );

const segment = fc.oneof(
  fc.constantFrom('v1', 'sms', 'messages', 'streams', '532', 'objects', '..', '%2e%2e', '%00', ''),
  fc.stringMatching(/^[!-~]{0,12}$/),
);
export const anywhere = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'MKCOL'),
    fc.array(segment, { maxLength: 6 }),
    wildText,
    key,
    odd,
  )
  .map(
    ([method, segments, body, auth, headers]): FuzzRequest => ({
      kind: 'wild',
      method,
      path: `/${segments.join('/')}`,
      headers: { ...json, ...auth, ...headers },
      body: method === 'GET' || method === 'HEAD' ? null : body,
    }),
  );
