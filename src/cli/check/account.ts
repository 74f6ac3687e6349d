import { randomUUID } from 'node:crypto';
import { createCommboxClient } from '../../commbox/client.ts';
import { askSystemStatus, type SystemStatus } from '../../commbox/system-status.ts';
import type { AccountConfig } from '../../config/accounts.ts';
import type { Config } from '../../config/config.ts';
import { latestEnd } from '../../delivery/credentials-expiry.ts';
import type { Clock } from '../../kernel/clock.ts';
import { codeOf, explainFailure } from '../../kernel/failure-words.ts';
import { jwtExpiry } from '../../kernel/jwt-expiry.ts';
import { type Check, failed, ok, warning } from './check.ts';
import { judgeKey, type KeyAnswer } from './key.ts';

// Together less than a check may take, so that it can still say what it was that did not answer.
const CONNECT_TIMEOUT_MS = 4_000;
const ANSWER_TIMEOUT_MS = 5_000;

/** Connections of their own for the check of one account. */
export interface AccountCheck {
  /** Whether CommBox can be reached, then each of the account's keys. Creates nothing at CommBox. */
  run(): Promise<readonly Check[]>;
  destroy(): void;
}

interface Trial {
  readonly said: SystemStatus;
  readonly durationMs: number;
}

export function createAccountCheck(account: AccountConfig, config: Config, clock: Clock): AccountCheck {
  const { name, url } = account;
  const basePath = url.pathname.replace(/\/+$/, '');
  const https = config.proxy.https();
  const client = createCommboxClient({
    origin: url.origin,
    connections: 2,
    clock,
    timeouts: { answerMs: ANSWER_TIMEOUT_MS, writeStallMs: ANSWER_TIMEOUT_MS },
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    proxy: https === null ? undefined : { https, no: config.proxy.no },
  });
  const tryKey = async (key: string): Promise<Trial> => {
    const startedAt = clock.monotonic();
    const said = await askSystemStatus(client, basePath, { key, requestId: randomUUID() });
    return { said, durationMs: clock.monotonic() - startedAt };
  };

  return {
    async run() {
      const { current, next } = account.keys();
      const keys = next === null ? [current] : [current, next];
      try {
        const trials = await Promise.all(keys.map(tryKey));
        const answers = trials.map(({ said }) => answerOf(said));
        const reach = checkReach(`account ${name}`, `${url.origin}${basePath}`, trials, https !== null);
        const hasOther = answers.includes('accepted');
        const lastEndsAt = latestEnd(keys.filter((_, i) => answers[i] !== 'refused').map(jwtExpiry));
        const checks = keys.map((key, i) => {
          const thing = `${i === 0 ? 'key' : 'next key'} of ${name}`;
          const answer = answers[i] ?? 'unreached';
          return judgeKey({ name: thing, answer, endsAt: jwtExpiry(key), lastEndsAt, hasOther }, clock.now());
        });
        return [reach, ...checks];
      } finally {
        await client.destroy();
      }
    },
    destroy: () => void client.destroy(),
  };
}

function checkReach(thing: string, place: string, trials: readonly Trial[], hasProxy: boolean): Check {
  const answered = trials.find(({ said }) => said.upstream !== null);
  if (answered === undefined) {
    const reason = failureOf(trials[0]?.said.error);
    return failed(thing, `${place} cannot be reached${hasProxy ? ' (a proxy is set)' : ''}: ${reason}`);
  }
  const { said, durationMs } = answered;
  const status = said.upstream?.status ?? 0;
  if (isForeign(said)) return failed(thing, `what answers at ${place} is not CommBox`);
  if (status < 400 && status >= 300) return failed(thing, `${place} redirects (${status}), which is not followed`);
  const detail = `${place} answers in ${Math.round(durationMs)} ms`;
  return status >= 500 ? warning(thing, `${detail}, with an error (${status})`) : ok(thing, detail);
}

// Of the client's own errors only the one about a late answer has no code.
function failureOf(error: unknown): string {
  return codeOf(error) === 'Error' ? `no answer within ${ANSWER_TIMEOUT_MS / 1000} s` : explainFailure(error);
}

function answerOf(said: SystemStatus): KeyAnswer {
  const { verdict, upstream } = said;
  if (upstream === null) return 'unreached';
  if (verdict === 'refused') return 'refused';
  // A 404 lets the gateway go on, yet it may also come from a server that is not CommBox and looked at no key.
  if (verdict === 'accepted' && isSuccess(upstream.status)) return 'accepted';
  return { unclear: isForeign(said) ? 'another answers' : `it answers ${upstream.status}` };
}

/** A success that is no envelope: a page of a proxy, or another service. */
function isForeign({ verdict, upstream }: SystemStatus): boolean {
  return verdict === 'unclear' && upstream !== null && isSuccess(upstream.status);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
