import { BlockList, isIP } from 'node:net';

// Every parser returns undefined for what it does not accept. Nothing is trimmed or guessed: a port of " 80" is more
// likely a broken template than a port.

const UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, kB: 1000, MB: 1000 ** 2, GB: 1000 ** 3 } as const;
const SIZE = /^(0|[1-9]\d*) ?(B|KiB|MiB|GiB|kB|MB|GB)?$/;

/** Decimal digits with an optional minus: no exponent, plus sign, leading zero or white space. */
export function parseInteger(text: string): number | undefined {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** As `parseInteger`, with an optional fraction after a point. */
export function parseDecimal(text: string): number | undefined {
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Bytes, plain or with a unit: `1048576`, `1MiB`, `1 MiB`. */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]) * UNITS[(match[2] ?? 'B') as keyof typeof UNITS];
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `true` or `false`, and nothing that looks like them. */
export function parseFlag(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Items between commas; the space around them does not count. An empty item makes the list unusable. */
export function parseList(text: string): readonly string[] | undefined {
  const items = text.split(',').map((item) => item.trim());
  return items.includes('') ? undefined : items;
}

/** An int64 as its digits, which is how it must reach CommBox. */
export function parseInt64(text: string): string | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? text : undefined;
}

/** Addresses and CIDR ranges, of IPv4 and IPv6. */
export function parseCidrs(text: string): readonly string[] | undefined {
  const ranges = parseList(text);
  return ranges?.every(isCidr) ? ranges : undefined;
}

function isCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  const bits = parseInteger(prefix);
  // Whoever trusts every address trusts what any caller writes; the library refuses it, too.
  if (bits === undefined || bits === 0) return false;
  try {
    new BlockList().addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}

/** What a key may be, for messages about one that is not. */
export const HEADER_SAFE_RULE = 'visible ASCII characters without spaces, as a header can carry them';

/** Whether a header can carry the text as one token. */
export function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
