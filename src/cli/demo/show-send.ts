import { hash } from 'node:crypto';
import { basename } from 'node:path';
import type { SandboxPair } from '../sandbox-pair.ts';
import type { DemoFile, DemoSend } from './sends.ts';

/** Sends one message and prints both ends. Resolves with whether CommBox got what was meant. */
export async function showSend(pair: SandboxPair, send: DemoSend): Promise<boolean> {
  console.log(`${bold(send.title)}`);
  console.log(`  in       POST ${send.path}  ${shorten(JSON.stringify(send.body))}`);
  for (const { name, bytes } of send.files ?? []) console.log(`           + ${name} (${kib(bytes.length)})`);

  const answer = await fetch(pair.url + send.path, {
    method: 'POST',
    headers: { authorization: `Bearer ${pair.key}`, ...(send.files ? {} : { 'content-type': 'application/json' }) },
    body: send.files ? formOf(send.body, send.files) : JSON.stringify(send.body),
  });
  const text = await answer.text();
  console.log(`  answer   ${answer.status}  ${shorten(text)}`);

  const [got] = pair.simulator.received({ limit: 1 });
  console.log(`  CommBox  POST ${got?.rawPath}  ${shorten(got?.rawData ?? got?.rawBody ?? 'nothing')}`);
  const arrived = (send.files ?? []).map((sent, i) => {
    const file = got?.files[i];
    const isSame = file?.sha256 === hash('sha256', sent.bytes) && basename(file.name ?? '') === sent.name;
    console.log(
      `           + ${file?.name} (${kib(file?.size ?? 0)}) ${isSame ? 'same name, same bytes' : 'DIFFERENT'}`,
    );
    return isSame;
  });
  console.log('');
  return answer.ok && got?.outcome === 'recorded' && arrived.every(Boolean);
}

function formOf(body: object, files: readonly DemoFile[]): FormData {
  const form = new FormData();
  form.append('data', JSON.stringify(body));
  for (const { name, type, bytes } of files) form.append('file', new Blob([bytes], { type }), name);
  return form;
}

const LINE = 150;

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > LINE ? `${line.slice(0, LINE - 1)}…` : line;
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}

/** Bold on a terminal, plain in a file. */
export function bold(text: string): string {
  return process.stdout.isTTY ? `\u001b[1m${text}\u001b[22m` : text;
}
