import type { Pacer } from '../pacing/pacer.ts';
import type { Stops } from '../pacing/stops.ts';
import type { ExpiryReason } from '../store/requests.ts';
import type { Credentials } from './credentials.ts';
import type { Failure } from './message.ts';

/**
 * What keeps a message that is due from starting: CommBox's quota, the connection to CommBox, our own connections being
 * busy, an operator's stop, or keys that CommBox refuses.
 */
export type HoldUp = 'quota' | 'connection' | 'busy' | 'stopped' | 'credentials';

/** @param holdUp null = nobody saw one */
export function expiryOf(holdUp: HoldUp | null): Failure {
  const { code, because } = expiries[holdUp ?? 'unseen'];
  return { code, outcome: 'not_sent', detail: `${EXPIRED}${because}`, upstream: null };
}

const EXPIRED = 'The message reached its expiresAt before an attempt could start';

const expiries: Record<HoldUp | 'unseen', Pick<Failure, 'code'> & { readonly because: string }> = {
  quota: { code: 'commbox_throttled', because: ', because CommBox was throttling this account.' },
  connection: { code: 'commbox_unreachable', because: ', because no connection to CommBox could be made.' },
  busy: { code: 'overloaded', because: ', because all connections to CommBox were busy.' },
  stopped: { code: 'overloaded', because: ', because those who run the gateway had paused the sending.' },
  credentials: {
    code: 'commbox_unauthorized',
    because: ', because the gateway has no key that CommBox takes. Tell those who run the gateway.',
  },
  unseen: {
    code: 'overloaded',
    because: '. Nobody saw what held it up; perhaps the gateway was not running.',
  },
};

export interface ExpiryReasonsOptions {
  readonly accounts: ReadonlyMap<
    string,
    {
      readonly pacer: Pick<Pacer, 'cause' | 'isPaced' | 'room'>;
      readonly credentials: Pick<Credentials, 'state'>;
    }
  >;
  readonly stops: Pick<Stops, 'list'>;
}

/**
 * Why what waits in the store cannot start now, as far as this process can tell: what expires there does so within a
 * second or two. An account that the configuration does not have is one without a key.
 */
export function expiryReasons({ accounts, stops }: ExpiryReasonsOptions, now: number): readonly ExpiryReason[] {
  const everyFlow = { lane: null, caller: null };
  const refused = [...accounts].filter(([, { credentials }]) => credentials.state() === 'refused');
  return [
    ...refused.map(([account]) => ({ account, ...everyFlow, failure: expiryOf('credentials') })),
    ...stops.list().map(({ account, lane, caller }) => ({ account, lane, caller, failure: expiryOf('stopped') })),
    ...[...accounts].map(([account, { pacer }]) => ({ account, ...everyFlow, failure: expiryOf(pacedBy(pacer, now)) })),
    { account: null, ...everyFlow, failure: expiryOf('credentials') },
  ];
}

function pacedBy(pacer: Pick<Pacer, 'cause' | 'isPaced' | 'room'>, now: number): HoldUp | null {
  return pacer.cause() ?? (pacer.isPaced(now) ? 'quota' : pacer.room(now) < 1 ? 'busy' : null);
}
