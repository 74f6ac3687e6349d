import { hash } from 'node:crypto';
import { type Caller, DEFAULT_ACCOUNT } from '../../src/access/caller.ts';
import { createDirectory, type DirectorySnapshot, type StreamEntry } from '../../src/access/directory.ts';
import { GatewayError } from '../../src/kernel/errors.ts';

export const sha256 = (key: string) => hash('sha256', key);

export function caller(overrides: Partial<Caller> = {}): Caller {
  const rights = { admin: false, channels: 'all', streams: 'all', rawIds: false } as const;
  const lanes = { highestLane: 'normal', defaultLane: 'normal' } as const;
  return { name: 'billing', ...rights, ...lanes, weight: 1, criticalShare: 0.5, rateLimit: null, ...overrides };
}

export function stream(alias: string, overrides: Partial<StreamEntry> = {}): StreamEntry {
  const place = { channel: 'email', id: `id-of-${alias}`, account: DEFAULT_ACCOUNT } as const;
  return { alias, ...place, defaults: {}, lane: undefined, ttlHours: undefined, ...overrides };
}

export function directory(overrides: Partial<DirectorySnapshot> = {}) {
  return createDirectory({ callers: [], streams: [], rawDefaults: {}, anonymous: null, ...overrides });
}

/** What the action threw, which has to be an error that a caller can see. */
export function thrownBy(action: () => unknown): GatewayError {
  try {
    action();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
