import type { Command } from '../command.ts';
import { printable } from '../table.ts';
import { UsageError } from '../usage.ts';
import { converse } from './conversation.ts';
import type { MessageBody } from './message-text.ts';
import { COMMON_USAGE, FILTER_USAGE, filterOptions, filtersOf, oneId, readOptions } from './options.ts';

export const cancelCommand: Command = {
  usage: [
    'Usage: commbox-gateway messages cancel <id> [--url <url>] [--json]',
    '       commbox-gateway messages cancel <filters>|--all --yes [--url <url>] [--json]',
    '',
    'Stops a queued message, or all queued messages that match. What is being sent already goes on.',
    '',
    ...FILTER_USAGE,
    '  --all               instead of filters: whatever waits; for an admin, of all callers',
    '  --yes               needed with all but an id; messages list --status queued shows what would go',
    ...COMMON_USAGE,
  ].join('\n'),
  async run(args) {
    const flags = { all: { type: 'boolean' }, yes: { type: 'boolean' } } as const;
    const { values, positionals } = readOptions(args, { ...filterOptions, ...flags });
    const filters = filtersOf(values);
    const hasFilters = Object.keys(filters).length > 0;
    const isMany = hasFilters || values.all === true;
    if (hasFilters && values.all) throw new UsageError('Expected filters or --all, not both');
    if (positionals.length > 0 && isMany) throw new UsageError('Expected an id or filters, not both');
    if (positionals.length === 0) {
      if (!isMany) throw new UsageError('Expected an id or a filter; for everything that waits: --all');
      if (!values.yes) throw new UsageError('Cancelling more than one message needs --yes');
    }
    const path = isMany ? '/v1/messages/cancel' : `/v1/messages/${oneId(positionals)}/cancel`;
    return converse(values, async (gateway) => {
      const { text, body } = await gateway.call('POST', path, isMany ? { ...filters, all: values.all } : undefined);
      if (values.json) return console.log(text);
      const count = String(body['canceled']);
      console.log(isMany ? `${count} message${count === '1' ? '' : 's'} canceled` : stateLine(body));
    });
  },
};

export const resendCommand = actionCommand({
  verb: 'resend',
  about: 'Sends a failed, unknown, expired or canceled message again, as a new one. An unknown one may arrive twice.',
  textOf: (body, id) => `${stateLine(body)}, in place of ${id}`,
});

export const reconcileCommand = actionCommand({
  verb: 'reconcile',
  about: 'Looks at CommBox for a message whose fate is unknown. Sends nothing; finding nothing proves nothing.',
  textOf: (body) => `${stateLine(body)}: ${findings(body['reconciliation'])}`,
});

const states = ['sent', 'failed'] as const;

export const resolveCommand: Command = {
  usage: [
    'Usage: commbox-gateway messages resolve <id> --as <sent|failed> [--url <url>] [--json]',
    '',
    'Settles a message whose fate is unknown, after you have looked yourself. Sends nothing.',
    '',
    ...COMMON_USAGE,
  ].join('\n'),
  async run(args) {
    const { values, positionals } = readOptions(args, { as: { type: 'string' } });
    const id = oneId(positionals);
    const as = states.find((state) => state === values.as);
    if (as === undefined) throw new UsageError('--as must be sent or failed');
    return converse(values, async (gateway) => {
      const { text, body } = await gateway.call('POST', `/v1/messages/${id}/resolve`, { as });
      console.log(values.json ? text : stateLine(body));
    });
  },
};

interface Action {
  /** The command's name, and the last segment of its route. */
  readonly verb: string;
  readonly about: string;
  readonly textOf: (body: MessageBody, id: string) => string;
}

/** A command that is one POST about one message. */
function actionCommand({ verb, about, textOf }: Action): Command {
  return {
    usage: [`Usage: commbox-gateway messages ${verb} <id> [--url <url>] [--json]`, '', about, '', ...COMMON_USAGE].join(
      '\n',
    ),
    async run(args) {
      const { values, positionals } = readOptions(args, {});
      const id = oneId(positionals);
      return converse(values, async (gateway) => {
        const { text, body } = await gateway.call('POST', `/v1/messages/${id}/${verb}`);
        console.log(values.json ? text : textOf(body, id));
      });
    },
  };
}

function stateLine({ id, status }: MessageBody): string {
  return printable(`${id} ${status}`);
}

function findings(reconciliation: unknown): string {
  const { found, objectIds } = (reconciliation ?? {}) as { found?: unknown; objectIds?: unknown };
  if (typeof found !== 'number') return 'CommBox gave no usable answer, or the content has been erased';
  if (found === 0) return 'CommBox shows no such object';
  const ids = Array.isArray(objectIds) ? printable(objectIds.join(', ')) : '';
  return found === 1 ? `found as object ${ids}` : `${found} objects look like it: ${ids}`;
}
