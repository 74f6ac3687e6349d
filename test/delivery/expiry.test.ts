import t from 'tap';
import { type ExpiryReasonsOptions, expiryReasons } from '../../src/delivery/expiry.ts';

const NOW = 1_000_000;

type Pacing = Partial<{ cause: 'quota' | 'connection'; isPaced: boolean; room: number; isRefused: boolean }>;

function accountThat({ cause, isPaced = false, room = 4, isRefused = false }: Pacing) {
  return {
    pacer: { cause: () => cause ?? null, isPaced: () => isPaced, room: () => room },
    credentials: { state: () => (isRefused ? ('refused' as const) : ('ok' as const)) },
  };
}

/** The code and the text for a message of this flow. */
function tell(options: ExpiryReasonsOptions, account: string, lane = 'normal', caller = 'shop'): string {
  const flow: Record<string, string> = { account, lane, caller };
  const first = expiryReasons(options, NOW).find((reason) =>
    (['account', 'lane', 'caller'] as const).every((name) => reason[name] === null || reason[name] === flow[name]),
  );
  return `${first?.failure.code}: ${first?.failure.detail}`;
}

t.test('what expires in the store is told what its account was waiting for', async (t) => {
  const cases: [Pacing, RegExp][] = [
    [{ cause: 'quota' }, /^commbox_throttled: .*throttling/],
    [{ isPaced: true, room: 0 }, /^commbox_throttled: .*throttling/],
    [{ cause: 'connection' }, /^commbox_unreachable: .*no connection/],
    [{ room: 0 }, /^overloaded: .*busy/],
    [{ isRefused: true, cause: 'connection' }, /^commbox_unauthorized: .*key/],
    [{}, /^overloaded: .*Nobody saw/],
  ];
  for (const [pacing, text] of cases) {
    const accounts = new Map([
      ['default', accountThat(pacing)],
      ['brand-b', accountThat({})],
    ]);
    const options = { accounts, stops: { list: () => [] } };
    t.match(tell(options, 'default'), text);
    t.match(tell(options, 'brand-b'), /Nobody saw/, 'other accounts have their own');
    t.match(tell(options, 'gone'), /^commbox_unauthorized/, 'an account that is not configured has no key');
  }
});

t.test('an operator’s stop explains what it holds, and nothing else', async (t) => {
  const accounts = new Map([['default', accountThat({ cause: 'quota' })]]);
  const stop = { account: 'default', since: 0 };
  const list = () => [
    { ...stop, lane: 'bulk' as const, caller: null },
    { ...stop, lane: null, caller: 'crm' },
  ];
  const options = { accounts, stops: { list } };
  t.match(tell(options, 'default', 'bulk', 'shop'), /^overloaded: .*paused the sending/);
  t.match(tell(options, 'default', 'normal', 'crm'), /^overloaded: .*paused the sending/);
  t.match(tell(options, 'default', 'normal', 'shop'), /^commbox_throttled/);
  accounts.set('default', accountThat({ isRefused: true }));
  t.match(tell(options, 'default', 'bulk', 'shop'), /^commbox_unauthorized/, 'without a key nothing else counts');
});
