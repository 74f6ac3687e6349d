import type { Command } from '../command.ts';
import { converse } from './conversation.ts';
import { messageBlock } from './message-text.ts';
import { COMMON_USAGE, oneId, readOptions } from './options.ts';

export const showCommand: Command = {
  usage: [
    'Usage: commbox-gateway messages show <id> [--url <url>] [--json]',
    '',
    'Shows what is known of a message, and each of its attempts.',
    '',
    ...COMMON_USAGE,
  ].join('\n'),
  async run(args) {
    const { values, positionals } = readOptions(args, {});
    const id = oneId(positionals);
    return converse(values, async (gateway) => {
      const { text, body } = await gateway.call('GET', `/v1/messages/${id}`);
      console.log(values.json ? text : messageBlock(body));
    });
  },
};
