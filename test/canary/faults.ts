import type { ControlPatch, ScriptedAnswer, Settings } from '../../src/simulator/control.ts';
import type { Person } from './person.ts';

type Faults<T> = Readonly<Record<string, readonly T[]>>;

/** What CommBox, or something before it, may say back: the key that it was sent, and all it knows of the customer. */
const echoOf = (key: string, { phone, text, email, fileName }: Person) =>
  `refused ${email} ${phone} (${fileName}): ${text}; Authorization: Bearer ${key}`;

/** A key as different programs write it into what they answer. */
function spellings(key: string): string[] {
  const json = JSON.stringify(key).slice(1, -1);
  const unicode = (pattern: RegExp) =>
    key.replace(pattern, (character) => `\\u00${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const html = key.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  return [
    ...[json, json.replaceAll('/', '\\/'), unicode(/[^\w./=-]/g), unicode(/[\s\S]/g).toLowerCase()],
    ...[html.replaceAll("'", '&#39;').replaceAll('\\', '\\\\'), encodeURIComponent(key)],
    ...['', 'x', 'xx'].map((before) => Buffer.from(`${before}Bearer ${key}`).toString('base64')),
    Buffer.from(key).toString('base64url'),
    Buffer.from(key, 'utf16le').toString('latin1').replaceAll('\\', '\\\\').replaceAll('"', '\\"'),
  ];
}

/** Answers by the member of the simulator's script that they show. A member that is missing here does not compile. */
export function scriptedFaults(key: string, person: Person) {
  const echo = echoOf(key, person);
  const html = { contentType: 'text/html', body: `<html><h1>${echo}</h1></html>` };
  const raw = (text: string) => ({ status: 400, body: `{"status":400,"description":"${text}","more":"${text}"}` });
  // Wherever a description is cut, half a key must not be left.
  const cut = Array.from({ length: 3 }, (_, n) => ({ status: 400, description: 'x'.repeat(499 - n * 24) + key }));
  return {
    status: [400, 403, 404, 408, 422, 429, 500, 501, 503].map((status) => ({ status, description: echo })),
    envelopeStatus: [
      { envelopeStatus: 400, description: echo },
      { envelopeStatus: '500', description: echo },
      { envelopeStatus: 429, description: echo },
      { envelopeStatus: Number(person.phone), description: echo },
      { envelopeStatus: null, description: echo },
    ],
    description: [{ description: echo }, ...cut, ...spellings(key).map(raw)],
    contentType: [
      { status: 500, contentType: `text/plain; charset="${key}"`, body: echo },
      { contentType: 'text/html' },
    ],
    body: [
      ...[200, 400, 404, 500].map((status) => ({ status, ...html })),
      { status: 500, body: `{"description":"${echo}` },
      { status: 400, body: Buffer.from(`{"description":"${key}"}`, 'utf16le').toString('latin1') },
      { body: JSON.stringify({ status: 200, data: { id: key, Id: [person.phone] }, description: echo }) },
    ],
    bodyBytes: [{ status: 500, bodyBytes: 2_000_000 }],
    headers: [
      { status: 302, headers: { Location: `https://x.example/?key=${encodeURIComponent(key)}` } },
      { status: 400, headers: { 'X-Echo': key, 'WWW-Authenticate': `Bearer error="${key}"` }, description: echo },
      { status: 429, headers: { 'Retry-After': key } },
      { headers: { 'Set-Cookie': `key=${key}` } },
    ],
    reset: [{ reset: 'before' }, { reset: 'after' }, { reset: 'during', description: echo }],
    delayMs: [{ delayMs: 20, status: 400, description: echo }],
    noId: [{ noId: true, description: echo }],
    idKey: [{ idKey: 'Id', description: echo }],
    hang: [{ hang: true }],
    record: [{ status: 500, record: true, description: echo }],
    early: [{ early: true, status: 400, description: echo }],
  } satisfies Record<keyof Required<ScriptedAnswer>, readonly ScriptedAnswer[]> & Faults<ScriptedAnswer>;
}

const retryAfter = 'seconds' as const;

/** Behaviours of the whole of CommBox, by the setting that they show. */
export const settingFaults = {
  keys: [{ keys: ['a-key-that-nobody-has'] }],
  streams: [{ streams: ['no-such-stream'] }],
  throttles: [
    { throttles: [{ model: 'tokenBucket', rate: 1, burst: 1, retryAfter }] },
    { throttles: [{ model: 'fixedWindow', limit: 1, windowMs: 60_000, retryAfter: 'date' }] },
    { throttles: [{ model: 'slidingWindow', limit: 1, windowMs: 60_000 }] },
    { throttles: [{ model: 'concurrency', limit: 1, penaltyMs: 1_000 }] },
  ],
  latency: [{ latency: { ms: 20, jitterMs: 20 } }],
  seed: [{ seed: 7 }],
  errorRate: [{ errorRate: 1 }],
  errorStatus: [{ errorRate: 1, errorStatus: 418 }],
  errorRecordedRate: [{ errorRate: 1, errorRecordedRate: 1 }],
  resetBeforeRate: [{ resetBeforeRate: 1 }],
  resetAfterRate: [{ resetAfterRate: 1 }],
  idKey: [{ idKey: 'Id' }],
  sendToClientId: [{ sendToClientId: false }],
  listIdKey: [{ listIdKey: 'id' }],
  next: [{ next: [{ status: 500 }] }],
} satisfies Record<keyof Settings, readonly ControlPatch[]>;
