/**
 * When a key ends, in epoch milliseconds, by the `exp` claim of a JWT (RFC 7519, 4.1.4: seconds, perhaps with a
 * fraction). The signature is not looked at: only whoever issued the key can judge it, and the claim merely warns.
 *
 * @returns null for a key that is no JWT, or that names no usable end. Never throws, and keeps nothing of the key.
 */
export function jwtExpiry(key: string): number | null {
  const [, claims, ...rest] = key.split('.');
  if (claims === undefined || rest.length !== 1) return null;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { exp?: unknown };
    const endsAt = typeof exp === 'number' ? exp * 1000 : Number.NaN;
    // Beyond the range of dates (ECMA-262, 21.4.1.1) there is nothing to show.
    return Math.abs(endsAt) <= 8.64e15 ? endsAt : null;
  } catch {
    return null;
  }
}
