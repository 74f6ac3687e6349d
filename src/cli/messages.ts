import type { Command } from './command.ts';
import { cancelCommand, reconcileCommand, resendCommand, resolveCommand } from './messages/actions.ts';
import { listCommand } from './messages/list.ts';
import { showCommand } from './messages/show.ts';
import { UsageError } from './usage.ts';

const subcommands = {
  list: listCommand,
  show: showCommand,
  cancel: cancelCommand,
  resend: resendCommand,
  reconcile: reconcileCommand,
  resolve: resolveCommand,
};

export const messagesCommand: Command = {
  subcommands,
  usage: [
    'Usage: commbox-gateway messages <command> [options]',
    '',
    'Looks after the messages of a running gateway, over HTTP.',
    '',
    '  list            newest first, by state, channel, stream, reference, caller, time',
    '  show <id>       one message with its attempts',
    '  cancel <id>     stops a queued message, or with filters all that match',
    '  resend <id>     sends a failed, unknown, expired or canceled message again, as a new one',
    '  reconcile <id>  looks at CommBox for a message whose fate is unknown',
    '  resolve <id>    settles an unknown message by hand',
    '',
    'commbox-gateway messages <command> --help tells more.',
  ].join('\n'),
  async run([name]) {
    const known = Object.keys(subcommands).join(', ');
    throw new UsageError(
      name === undefined ? `Expected one of: ${known}` : `There is no "messages ${name}"; expected one of: ${known}`,
    );
  },
};
