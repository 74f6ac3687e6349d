import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { root } from '../docs/page.ts';
import { GATEWAY_KEY, startGateway } from '../support/gateway.ts';
import { generateTypes } from './generate-types.ts';
import { readDocument } from './support.ts';

/** What `generated-client/send-all.ts` gives; it compiles only beside the generated types. */
interface Client {
  sendAll(base: string, key: string): Promise<{ sent: { status: string; channel: string }[]; results: object[] }>;
}

t.test('a client generated from the document compiles and sends through every channel', async (t) => {
  const { port, simulator } = await startGateway(t);
  const directory = await writeClient(t, await generateTypes(await readDocument(port)));
  t.equal(faultsOf(directory), '', 'it compiles');

  const { sendAll } = (await import(join(directory, 'send-all.ts'))) as Client;
  const { sent, results } = await sendAll(`http://127.0.0.1:${port}`, GATEWAY_KEY);
  t.strictSame(
    sent.map(({ status, channel }) => [status, channel]),
    ['email', 'sms', 'whatsapp', 'chat'].map((channel) => ['sent', channel]),
  );
  t.match(results, [{ id: /^msg_/, status: 'queued' }]);
  await simulator.waitFor(5);
  t.equal(simulator.counts().recorded, 5);
});

/** A directory of its own with the client and the types that it is written against. */
async function writeClient(t: Test, types: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'client-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'api.ts'), types);
  for (const file of ['client.ts', 'send-all.ts']) {
    await copyFile(join(import.meta.dirname, 'generated-client', file), join(directory, file));
  }
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { typeRoots: [join(root, 'node_modules/@types')] };
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['.'], exclude: [] };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config));
  return directory;
}

/** What the compiler of this repository finds, by its settings; empty if all is well. */
function faultsOf(directory: string): string {
  // What `bin/tsc` loads: tap's hooks, which every Node process of a run gets, fail at a module without an extension.
  const compiler = join(root, 'node_modules/typescript/lib/tsc.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', directory], { encoding: 'utf8' });
  return status === 0 ? '' : `exit code ${status}: ${stdout}${stderr}`;
}
