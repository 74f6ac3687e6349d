import { isIP } from 'node:net';

const HEXTETS_OF_64_BITS = 4;

/**
 * Whom an address stands for when attempts are counted: an IPv4 address for itself, an IPv6 address for its /64, the
 * least that a network hands to one subscriber (RFC 6177), who can use any address of it. An IPv4 address in IPv6 form
 * is the IPv4 address. Null for a text that is no address, as a proxy may pass it on in `X-Forwarded-For`.
 */
export function addressGroup(address: string): string | null {
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  if (family === 0) return null;
  if (family === 4) return plain;
  const hextets = expand(plain);
  const isMapped = hextets.slice(0, 5).every((part) => part === 0) && hextets[5] === 0xffff;
  if (isMapped)
    return hextets
      .slice(6)
      .flatMap((part) => [part >> 8, part & 0xff])
      .join('.');
  return `${hextets
    .slice(0, HEXTETS_OF_64_BITS)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

/** The eight 16-bit parts of a valid IPv6 address. */
function expand(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const before = partsOf(head);
  const after = tail === undefined ? [] : partsOf(tail);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after];
}

function partsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
