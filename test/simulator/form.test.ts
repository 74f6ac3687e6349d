import { createHash } from 'node:crypto';
import t from 'tap';
import { createMultipartParser } from '../../src/simulator/multipart.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { call, start } from './support.ts';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function post(simulator: Simulator, body: FormData | string, boundary?: string) {
  const headers = boundary === undefined ? {} : { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return call(simulator, '/streams/7/objects', { method: 'POST', body, headers });
}

const part = (head: string, body: string) => `--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const data = part('name="data"', '{"Message":"hello"}');

t.test('a form with files is understood: text, names, types and bytes', async (t) => {
  const simulator = await start(t);
  const form = new FormData();
  const names = ['report.pdf', 'דוח "סופי".xlsx', "a; filename*=utf-8''b%41\\.txt"];
  const bytes = [new Uint8Array(3_000_000).fill(7), new Uint8Array(), new TextEncoder().encode('--B\r\n--')];
  names.forEach((name, index) => {
    form.append('file', new File([bytes[index] ?? ''], name, { type: 'application/pdf' }));
  });
  form.append('data', '{"Message":"hello", "ManagerId": 9007199254740993}');
  t.equal((await post(simulator, form)).status, 200);
  const [received] = simulator.received();
  t.equal(received?.rawData, '{"Message":"hello", "ManagerId": 9007199254740993}');
  t.equal(received?.rawBody, null);
  t.same(
    received?.files,
    names.map((name, index) => ({
      field: 'file',
      name,
      contentType: 'application/pdf',
      size: bytes[index]?.length,
      sha256: sha256(bytes[index] ?? ''),
    })),
  );
});

t.test('file names come as browsers, curl and .NET write them', async (t) => {
  const cases: [head: string, name: string][] = [
    ['name="file"; filename="חשבונית.pdf"', 'חשבונית.pdf'],
    ['name="file"; filename="a%22b%0Ac.txt"', 'a"b\nc.txt'],
    ['name="file"; filename="100%25.txt"', '100%25.txt'],
    ["name=file; filename=plain.txt; filename*=utf-8''%D7%A9.txt", 'ש.txt'],
    ['name=file; filename="=?utf-8?B?15kudHh0?="; filename*=utf-8\'\'%D7%99.txt', 'י.txt'],
    ['name=file; filename="=?utf-8?B?15kudHh0?="', 'י.txt'],
    ['name="file"; filename="back\\slash.txt"', 'back\\slash.txt'],
    ['name="file"; filename=""', ''],
  ];
  const simulator = await start(t);
  for (const [head, name] of cases) {
    simulator.clear();
    t.equal((await post(simulator, `${part(head, 'x')}${data}--B--`, 'B')).status, 200, head);
    t.match(simulator.received(), [{ files: [{ name, size: 1 }] }], head);
  }
});

t.test('a form that CommBox could not read is a 400', async (t) => {
  const simulator = await start(t);
  const wrapped = part('name="data"', '{"data":{"Message":"hello"}}');
  const cases: [why: string, body: string][] = [
    ['no data', `${part('name="file"; filename="a"', 'x')}--B--`],
    ['data as a file', `${part('name="data"; filename="blob"', '{"Message":"hello"}')}--B--`],
    ['wrapped in data', `${wrapped}--B--`],
    ['cut off', data],
    ['no name', `${part('', '')}${data}--B--`],
    ['boundary run on', `${data}--Bx`],
    ['not a form', 'hello'],
  ];
  for (const [why, body] of cases) {
    const answer = await post(simulator, body, 'B');
    t.match({ status: answer.status, ...JSON.parse(answer.text) }, { status: 400, description: /./ }, why);
  }
  t.equal(simulator.counts().recorded, 0);
});

t.test('pieces of any size give the same parts', async (t) => {
  const body = Buffer.from(
    `preamble\r\n${part('name="file"; filename="a"', 'x\r\n--\r\n--A')}${data}--B--\r\nepilogue`,
  );
  for (let size = 1; size <= body.length; size += 1) {
    const parts: string[] = [];
    const parser = createMultipartParser('B', (head) => {
      let content = '';
      return {
        write(bytes) {
          content += bytes.toString('latin1');
        },
        end: () => parts.push(head.name, content),
      };
    });
    for (let at = 0; at < body.length; at += size) parser.write(body.subarray(at, at + size));
    parser.end();
    if (!t.same(parts, ['file', 'x\r\n--\r\n--A', 'data', '{"Message":"hello"}'], `pieces of ${size}`)) break;
  }
});
