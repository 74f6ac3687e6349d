import { call } from '../http/call.ts';
import { GATEWAY_KEY } from '../support/gateway.ts';

/** A message as the gateway lists it, as far as a check needs it. */
export interface LedgerMessage {
  readonly id: string;
  readonly status: string;
  readonly reference: string | null;
  readonly objectId: string | null;
  readonly code: string | null;
  readonly outcome: string | null;
}

const PAGE = 200;
// So many waiting requests at a time leave the gateway room to work.
const AT_ONCE = 50;

/** What a client can do with messages, through the API. */
export function createLedgerClient(port: number) {
  const request = (method: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
    call(port, { method, path, headers: { authorization: `Bearer ${GATEWAY_KEY}`, ...headers } });
  const get = async (path: string, headers?: Readonly<Record<string, string>>) => {
    const answer = await request('GET', path, headers);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json();
  };

  return {
    /** All messages, in any state if none is named. */
    async list(status?: string): Promise<LedgerMessage[]> {
      const messages: LedgerMessage[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query = new URLSearchParams({
          limit: String(PAGE),
          ...(status && { status }),
          ...(cursor && { cursor }),
        });
        const page = (await get(`/v1/messages?${query}`)) as unknown as Page;
        messages.push(...page.messages);
        cursor = page.nextCursor;
      }
      return messages;
    },

    /** Resolves when no message is on its way any more. */
    async drained(): Promise<void> {
      for (;;) {
        const moving = await this.list('queued,sending');
        if (moving.length === 0) return;
        const batch = moving.slice(-AT_ONCE);
        await Promise.all(batch.map(({ id }) => get(`/v1/messages/${id}`, { prefer: 'wait=60' })));
      }
    },

    /** The message as it stands, or after at most 60 s as it ended. */
    async end(id: string): Promise<LedgerMessage> {
      return (await get(`/v1/messages/${id}`, { prefer: 'wait=60' })) as unknown as LedgerMessage;
    },

    /** The message after the gateway has looked for it at CommBox, now or by itself before. */
    async reconcile(id: string): Promise<LedgerMessage> {
      const { status, text } = await request('POST', `/v1/messages/${id}/reconcile`);
      if (status !== 200 && status !== 409) throw new Error(`reconcile ${id}: ${status} ${text}`);
      return this.end(id);
    },
  };
}

export type LedgerClient = ReturnType<typeof createLedgerClient>;

interface Page {
  readonly messages: readonly LedgerMessage[];
  readonly nextCursor: string | null;
}
