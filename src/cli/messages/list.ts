import type { Command } from '../command.ts';
import { createTable } from '../table.ts';
import { UsageError } from '../usage.ts';
import type { GatewayAnswer, GatewayClient } from './client.ts';
import { converse } from './conversation.ts';
import { LIST_HEAD, listRow, type MessageBody } from './message-text.ts';
import { COMMON_USAGE, FILTER_USAGE, filterOptions, filtersOf, readOptions } from './options.ts';

const LARGEST_PAGE = '200';

export const listCommand: Command = {
  usage: [
    'Usage: commbox-gateway messages list [filters] [--limit <n>] [--cursor <cursor>] [--all] [--url <url>] [--json]',
    '',
    'Lists messages, newest first.',
    '',
    ...FILTER_USAGE,
    '  --limit <n>         up to 200 (50)',
    '  --cursor <cursor>   goes on where a list ended',
    '  --all               goes on to the end; with --json one answer a line',
    ...COMMON_USAGE,
  ].join('\n'),
  async run(args) {
    const { values, positionals } = readOptions(args, {
      ...filterOptions,
      limit: { type: 'string' },
      cursor: { type: 'string' },
      all: { type: 'boolean' },
    });
    if (positionals.length > 0) throw new UsageError(`Unexpected argument: ${positionals[0]}`);
    const { limit = values.all ? LARGEST_PAGE : undefined, cursor } = values;
    const query = { ...filtersOf(values), ...(limit !== undefined && { limit }) };
    return converse(values, async (gateway) => {
      const show = values.json
        ? ({ text }: GatewayAnswer) => console.log(text)
        : createTablePrinter(values.all ?? false);
      for await (const page of pages(gateway, query, cursor)) {
        show(page);
        // Whoever reads may have seen enough, such as `head`.
        if (!values.all || !process.stdout.writable) break;
      }
    });
  },
};

/** The list, page by page. Messages that arrive meanwhile are newer, so they neither shift nor repeat any. */
async function* pages(gateway: GatewayClient, query: Record<string, string>, cursor: string | undefined) {
  for (let next = cursor; ; ) {
    const search = new URLSearchParams({ ...query, ...(next !== undefined && { cursor: next }) }).toString();
    const page = await gateway.call('GET', `/v1/messages${search === '' ? '' : `?${search}`}`);
    yield page;
    const { nextCursor } = page.body;
    if (typeof nextCursor !== 'string') return;
    next = nextCursor;
  }
}

/** The table goes to standard output, what is said about it to the error output. */
function createTablePrinter(isAll: boolean): (page: GatewayAnswer) => void {
  const table = createTable();
  let isFirst = true;
  return ({ body }) => {
    const messages = Array.isArray(body['messages']) ? (body['messages'] as MessageBody[]) : [];
    if (isFirst && messages.length === 0) return console.error('No message matches.');
    const rows = messages.map(listRow);
    for (const line of table.lines(isFirst ? [LIST_HEAD, ...rows] : rows)) console.log(line);
    isFirst = false;
    const { nextCursor } = body;
    if (!isAll && typeof nextCursor === 'string') console.error(`\nThere are more: --cursor ${nextCursor}, or --all`);
  };
}
