import { hash } from 'node:crypto';
import type { Canaries } from './search.ts';

const DAY_S = 86_400;

/** A key with the form of CommBox's own: it ends in so many days. Its parts are canaries too. */
function jwt(name: string, days: number): { readonly key: string; readonly parts: Canaries } {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const id = `jti-canary-${name}`;
  const claims = encoded({ jti: id, exp: Math.floor(Date.now() / 1000) + days * DAY_S });
  const signature = Buffer.from(`signature-canary-${name}-of-some-length`).toString('base64url');
  const key = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${claims}.${signature}`;
  return {
    key,
    parts: { [`${name}: claims`]: claims, [`${name}: an id in it`]: id, [`${name}: signature`]: signature },
  };
}

const replaced = jwt('replaced', 3);
const current = jwt('current', 20);

/** CommBox's keys. The brand's has every character that somebody escapes. */
export const commboxKeys = {
  replaced: replaced.key,
  current: current.key,
  next: 'next/commbox+key-canary==',
  brandReplaced: 'brand/replaced+key=1-canary-of-an-account',
  brand: `brand/commbox+key"with<odd>&characters'%41\\u0041=canary`,
} as const;

/** Keys of callers. `retired` opens nothing any more. */
export const callerKeys = {
  billing: 'canary-gateway-key-of-billing-1/+',
  billingNext: 'canary-gateway-key-of-billing-2"\\',
  shop: 'canary-gateway-key-of-shop-x=&%',
  ops: 'cbg_Q2FuYXJ5LWdhdGV3YXkta2V5LW9mLW9wcy14eXo',
  default: 'canary-gateway-key-of-the-environment',
  retired: 'canary-gateway-key-that-was-retired',
} as const;

export const passwords = {
  database: 'canary-database-pass%2Fword+1',
  proxy: 'canary-proxy-pass%2Fword+1',
} as const;

const sha256 = (text: string) => hash('sha256', text);

/** What may be found nowhere at all. Hashes of callers' keys belong into the configuration alone. */
export const secrets: Canaries = {
  ...named('CommBox key', commboxKeys),
  ...replaced.parts,
  ...current.parts,
  ...named('key of', callerKeys),
  ...named('hash of the key of', mapped(callerKeys, sha256)),
  ...named('password of the', passwords),
  ...named('decoded password of the', mapped(passwords, decodeURIComponent)),
};

function named(prefix: string, texts: Canaries): Canaries {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${prefix} ${name}`, text]));
}

function mapped(texts: Canaries, change: (text: string) => string): Canaries {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, change(text)]));
}
