import { execFileSync } from 'node:child_process';

/** A request that a curl command of a page makes. */
export interface CurlRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | FormData | null;
}

// The shell itself takes the words apart, so that quotes mean here what they mean to whoever pastes them.
const PRELUDE = `
  curl() { printf '%s\\0' "$@"; printf '\\1\\0'; }
  date() { printf '%s' "$A_TIME"; }
`;

/** The requests of a shell script, in order; nothing is sent. `date` in it gives `aTime`. */
export function requestsOf(
  script: string,
  variables: Readonly<Record<string, string>>,
  aTime: string,
): readonly CurlRequest[] {
  const env = { PATH: process.env['PATH'] ?? '', A_TIME: aTime, ...variables };
  const printed = execFileSync('bash', ['--norc', '-euc', `${PRELUDE}\n${script}`], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return printed
    .split('\u0001\0')
    .slice(0, -1)
    .map((words) => toRequest(words.split('\0').slice(0, -1)));
}

function toRequest(words: readonly string[]): CurlRequest {
  let url = '';
  let method: string | null = null;
  let data: string | null = null;
  const headers: Record<string, string> = {};
  const form = new FormData();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const next = () => words[++i] ?? '';
    if (word === '-X') method = next();
    else if (word === '-H') {
      const [name = '', ...rest] = next().split(': ');
      headers[name.toLowerCase()] = rest.join(': ');
    } else if (word === '-d') data = next();
    else if (word === '-F') addPart(form, next());
    else if (/^https?:/.test(word)) url = word;
    else if (word !== '-s' && word !== '-i') throw new Error(`curl ${word} is not known here`);
  }
  const isForm = [...form.keys()].length > 0;
  const body = isForm ? form : data;
  return { url, method: method ?? (body === null ? 'GET' : 'POST'), headers, body };
}

/** `name=text`, or `name=@file;type=…`, whose bytes do not matter here. */
function addPart(form: FormData, part: string): void {
  const [, name = '', file, type = '', text = ''] = /^(\w+)=(?:@([^;]+);type=(.+)|([^@].*))$/s.exec(part) ?? [];
  if (file === undefined) form.append(name, text);
  else form.append(name, new Blob(['%PDF-1.7'], { type }), file);
}
