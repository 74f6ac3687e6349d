import t from 'tap';
import { runCli } from './run-cli.ts';

t.test('help is everywhere', async (t) => {
  const overview = await runCli(t, ['help']);
  t.equal(overview.code, 0);
  const commands = [...overview.stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name = '']) => name);
  t.ok(commands.includes('check') && commands.includes('messages'));
  const subcommands = ['list', 'show', 'cancel', 'resend', 'reconcile', 'resolve'].map((name) => `messages ${name}`);
  const help = async (command: string) => {
    const { code, stdout } = await runCli(t, [...command.split(' '), '--help']);
    t.equal(code, 0);
    t.match(stdout, `Usage: commbox-gateway ${command}`);
  };
  await Promise.all([...commands, ...subcommands].map(help));
  const { stdout } = await runCli(t, ['help', 'messages', 'list']);
  t.match(stdout, 'Usage: commbox-gateway messages list');
  t.equal((await runCli(t, ['help', 'nothing'])).code, 2);
  t.match(await runCli(t, ['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
});
