import { execFileSync } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { errorKinds } from '../../src/kernel/errors.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { blocksOf, leadsSomewhere, readPage, root } from '../docs/page.ts';
import { COMMBOX_KEY, type Gateway, least, startGateway } from '../support/gateway.ts';

const operations = readPage('docs/operations.md');
const { groups } = parse(readPage('deploy/prometheus/alerts.yaml')) as {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly annotations: { readonly runbook: string } }[];
  }[];
};

t.test('every alert is named, and its runbook leads to what to do', async (t) => {
  for (const { alert, annotations } of groups.flatMap(({ rules }) => rules)) {
    t.ok(leadsSomewhere('README.md', annotations.runbook), annotations.runbook);
    t.ok(operations.includes(`\`${alert}\``), alert);
  }
});

t.test('every error code of the table exists', async (t) => {
  const [, table = ''] = operations.split('### Many errors');
  const codes = [...(table.split('###')[0] ?? '').matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, code = '']) => code),
  );
  t.ok(codes.length > 5);
  for (const code of codes.filter((name) => name !== 'code')) t.ok(Object.hasOwn(errorKinds, code), code);
});

t.test('every command that is named exists', async (t) => {
  const named = operations.matchAll(/commbox-gateway (messages [a-z]+|[a-z]+) ?/g);
  const commands = new Set([...named].map(([, command = '']) => command).filter((name) => !/^(stands)$/.test(name)));
  t.ok(commands.has('check') && commands.has('messages reconcile'));
  for (const command of commands) {
    const args = ['src/cli.ts', ...command.split(' '), '--help'];
    t.match(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }), 'Usage: commbox-gateway', command);
  }
});

async function workplace(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gateway-backup-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const queued = async (gateway: Gateway) => {
  const { messages } = (await gateway.get('/v1/messages?status=queued,sending')).json() as { messages: unknown[] };
  return messages.length;
};

t.test('a backup that was taken while it ran is restored as described: nothing is sent twice', async (t) => {
  const directory = await workplace(t);
  const commbox = await startSimulator({ keys: [COMMBOX_KEY] });
  t.teardown(() => commbox.close());
  const steer = (gateway: Gateway, action: string) => gateway.post(`/v1/pacing/default/${action}`, {});

  const first = await startGateway(t, { commbox, dataDir: join(directory, 'data') });
  await steer(first, 'pause');
  for (const text of ['one', 'two']) {
    await first.post('/v1/sms', { ...least.sms, text }, { prefer: 'respond-async' });
  }
  const attachments = [{ filename: 'a.txt', content: 'aGVsbG8=' }];
  await first.post('/v1/email', { ...least.email, attachments }, { prefer: 'respond-async' });
  const script = blocksOf(operations).find(({ text }) => text.includes('DatabaseSync'))?.text ?? '';
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`;
  execFileSync('sh', ['-euc', script], { cwd: directory, env: { PATH: path }, stdio: 'pipe' });
  await steer(first, 'resume');
  await commbox.waitFor(3, 'recorded');
  await first.close();

  const dataDir = join(directory, 'restored');
  await mkdir(dataDir, { mode: 0o700 });
  await copyFile(join(directory, 'backup/gateway.db'), join(dataDir, 'gateway.db'));
  await cp(join(directory, 'backup/spool'), join(dataDir, 'spool'), { recursive: true });
  const alone = await startGateway(t, { commbox, dataDir, env: { COMMBOX_API_URL: 'http://127.0.0.1:9' } });
  await steer(alone, 'resume');
  t.equal(await queued(alone), 3, 'it knows only that they wait');
  const to = new Date(Date.now() + 1_000).toISOString();
  while ((await queued(alone)) > 0) await alone.post('/v1/messages/cancel', { to });
  await alone.close();

  const second = await startGateway(t, { commbox, dataDir });
  t.equal((await second.post('/v1/sms', least.sms)).status, 201);
  t.equal(commbox.counts().recorded, 4);
});
