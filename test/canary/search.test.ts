import { hash } from 'node:crypto';
import t from 'tap';
import { createSearch } from './search.ts';

const canary = 'Zwiebel/שלום+"q"&<x>\\ y';
const find = createSearch({ canary, other: 'not-there' });
const around = (form: string) => `{"a":"${form}"}`;
const unicode = (pattern: RegExp) =>
  JSON.stringify(canary)
    .slice(1, -1)
    .replace(pattern, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

t.test('a canary is found in every form that programs give a text', async (t) => {
  const forms: Record<string, string | Uint8Array> = {
    plain: around(canary),
    JSON: JSON.stringify({ canary }),
    'JSON within JSON': JSON.stringify({ text: JSON.stringify({ canary }) }),
    'ASCII JSON': unicode(/[^\x20-\x7e]/g),
    'JSON of PHP': unicode(/[^\x20-\x7e]/g).replaceAll('/', '\\/'),
    'a URL': `/x?y=${encodeURIComponent(canary)}&z`,
    'a form': new URLSearchParams({ canary: 'Zwiebel', x: canary }).toString(),
    'a header of base64': `Basic ${Buffer.from(canary).toString('base64')}`,
    'base64 of more': Buffer.from(around(canary)).toString('base64'),
    'base64url of more': Buffer.from(`-${around(canary)}`).toString('base64url'),
    'base64 of even more': Buffer.from(`--${around(canary)}`).toString('base64'),
    hex: Buffer.from(around(canary)).toString('hex'),
    'UTF-16': Buffer.from(around(canary), 'utf16le'),
    'UTF-16, the other way round': Buffer.from(around(canary), 'utf16le').swap16(),
    HTML: '<p>Zwiebel/שלום+&quot;q&quot;&amp;&lt;x&gt;\\ y</p>',
  };
  for (const [name, form] of Object.entries(forms)) t.strictSame(find(form), ['canary'], name);
});

t.test('a key in ASCII is found even when each of its characters is escaped', async (t) => {
  const key = 'abc/DEF+123';
  const escaped = key.replace(/./g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
  t.strictSame(createSearch({ key })(escaped), ['key']);
  t.strictSame(createSearch({ key })(key.replace('+', '\\u002b')), ['key']);
  t.strictSame(createSearch({ key })(key.replace('+', '\\u002B')), ['key']);
});

t.test('what is not there is not found, nor what only stands for it', async (t) => {
  for (const text of ['', 'Zwiebel', hash('sha256', canary), canary.slice(1), canary.toUpperCase()]) {
    t.strictSame(find(text), [], text);
  }
});
