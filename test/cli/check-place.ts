import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { CANARY, runCli } from './run-cli.ts';

/** A data directory, and the simulated CommBox of whoever works there. */
export interface Place {
  readonly dataDir: string;
  readonly commbox: Simulator;
  readonly env: Readonly<Record<string, string>>;
}

/** @param key the one key that CommBox knows, and that the gateway has */
export async function createPlace(t: Test, key = `${CANARY}-commbox`): Promise<Place> {
  const commbox = await startSimulator({ keys: [key] });
  const dataDir = await mkdtemp(join(tmpdir(), 'check-'));
  t.teardown(async () => {
    await commbox.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const env = { COMMBOX_API_KEY: key, COMMBOX_API_URL: commbox.url };
  return { dataDir, commbox, env };
}

export interface CheckOptions {
  /** Added to what the place has; an empty text unsets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly cwd?: string;
}

/** Runs `check` there. */
export function checkAt(t: Test, place: Place, { env, args = [], cwd = place.dataDir }: CheckOptions = {}) {
  const own = {
    GATEWAY_API_KEY: `${CANARY}-gateway-key-of-a-caller`,
    COMMBOX_SMS_STREAM: '532',
    DATA_DIR: place.dataDir,
  };
  return runCli(t, ['check', ...args], { cwd, env: { ...own, ...place.env, ...env } });
}

export interface JsonChecks {
  readonly code: number;
  readonly ok: boolean;
  readonly checks: readonly Record<string, unknown>[];
  /** The check of one thing. */
  of(name: string): Record<string, unknown> | undefined;
}

/** Runs `check --json` there. */
export async function jsonAt(t: Test, place: Place, options: CheckOptions = {}): Promise<JsonChecks> {
  const { code, stdout } = await checkAt(t, place, { ...options, args: ['--json'] });
  const { ok, checks } = JSON.parse(stdout) as Pick<JsonChecks, 'ok' | 'checks'>;
  return { code, ok, checks, of: (name) => checks.find((check) => check['name'] === name) };
}

const DAY_S = 86_400;

/** A key that ends in so many days. The canary stands in it in clear. */
export function jwt(days: number): string {
  const claims = { exp: Math.floor(Date.now() / 1000) + Math.floor(days * DAY_S) };
  return `${CANARY}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${CANARY}`;
}
