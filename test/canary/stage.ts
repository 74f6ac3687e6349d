import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { keyHash } from '../config/fixtures.ts';
import { createJumpingClock, type JumpingClock } from '../e2e/stored/jumping-clock.ts';
import { until } from '../e2e/stored/stage.ts';
import type { Storage } from '../e2e/stored/storage.ts';
import { type Answer, call, type RequestHeaders } from '../http/call.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { personOf } from './person.ts';
import { callerKeys, commboxKeys, passwords } from './planted.ts';
import { callWhenCalm } from './when-calm.ts';

export const people = { billing: personOf('billing', 1), shop: personOf('shop', 2), ops: personOf('ops', 3) } as const;
export type CallerName = keyof typeof callerKeys;

/** One answer, and whose eyes saw it. */
export interface Said {
  /** A caller of the configuration, or `nobody`. */
  readonly to: string;
  /** Method and route template. */
  readonly route: string;
  readonly answer: Answer;
}

export interface Request {
  /** Values of the template's parameters, percent-encoded where they stand in the path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** An object goes as JSON, text and bytes as they stand. */
  readonly body?: unknown;
  readonly headers?: RequestHeaders;
}

/** A gateway with a secret in every place for one, and everything that is said by it. */
export interface Stage extends Gateway {
  readonly clock: JumpingClock;
  readonly files: Record<string, string>;
  readonly said: Said[];
  /** Asks as a caller, by the key of that name; `null`: without any. */
  ask(key: CallerName | null, route: string, request?: Request): Promise<Answer>;
  /** Everything that is stored, as bytes. */
  stored(): Promise<Buffer>;
  /** Moves time on until CommBox is written to again. */
  recovers(): Promise<void>;
  /** Moves time on until the work has ended, so that nobody's patience has to be waited for. */
  passes<T>(work: Promise<T>): Promise<T>;
}

const FILES = {
  'gateway.yaml': `
    streams: { brand: { channel: sms, id: "900", account: brand-b } }
    callers:
      billing: { keys: ["${keyHash(callerKeys.billing)}", "${keyHash(callerKeys.billingNext)}"], streams: ["*"] }
      shop: { keys: ["${keyHash(callerKeys.shop)}"], streams: ["*"] }
      ops: { keys: ["${keyHash(callerKeys.ops)}"], streams: ["*"], admin: true }
    accounts: { brand-b: { url: URL_OF_COMMBOX, keyFile: brand-key, rate: 1000 } }
  `,
  'commbox-key': commboxKeys.replaced,
  'next-key': commboxKeys.next,
  'brand-key': commboxKeys.brandReplaced,
  'proxy-url': `http://operator:${passwords.proxy}@proxy.invalid:8080`,
} as const;

const callerOf: Readonly<Record<CallerName, string>> = {
  billing: 'billing',
  billingNext: 'billing',
  shop: 'shop',
  ops: 'ops',
  default: 'default',
  retired: 'nobody',
};

export type Dump = (storage: Storage) => Promise<Buffer>;

export async function startStage(t: Test, storage: Storage, dump: Dump): Promise<Stage> {
  const simulator = await startSimulator({ keys: [commboxKeys.replaced, commboxKeys.brandReplaced] });
  const files: Record<string, string> = { ...FILES };
  files['gateway.yaml'] = FILES['gateway.yaml'].replace('URL_OF_COMMBOX', simulator.url);
  const clock = createJumpingClock();
  const gateway = await startGateway(t, {
    commbox: simulator,
    clock,
    files,
    dataDir: storage.dataDir,
    env: {
      ...storage.env,
      COMMBOX_API_KEY: '',
      COMMBOX_API_KEY_FILE: 'commbox-key',
      COMMBOX_API_KEY_NEXT_FILE: 'next-key',
      GATEWAY_API_KEY: callerKeys.default,
      HTTPS_PROXY_FILE: 'proxy-url',
      LOG_LEVEL: 'trace',
      SYNC_WAIT_MS: '1000',
      UPSTREAM_TIMEOUT_MS: '5000',
      UPSTREAM_RATE: '1000',
    },
  });
  const said: Said[] = [];

  const ask: Stage['ask'] = async (key, route, { params = {}, query = '', body, headers = {} } = {}) => {
    const [method = '', template = ''] = route.split(' ');
    const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? 'missing'));
    const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
    const answer = await callWhenCalm(gateway.port, {
      method,
      path: query === '' ? path : `${path}?${query}`,
      ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as string | Uint8Array) }),
      headers: {
        ...(key !== null && { authorization: `Bearer ${callerKeys[key]}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    said.push({ to: key === null ? 'nobody' : callerOf[key], route, answer });
    return answer;
  };

  return {
    ...gateway,
    clock,
    files,
    said,
    ask,
    stored: () => dump(storage),
    async passes(work) {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      work.then(end, end);
      await until(async () => {
        clock.jump(100);
        await call(gateway.port, { method: 'GET', path: '/livez' });
        return isOver;
      });
      return work;
    },
    recovers: () =>
      until(async () => {
        clock.jump(16_000);
        const { status } = await ask('default', 'POST /v1/sms', { body: { to: '+972544444444', text: 'a probe' } });
        return status === 201;
      }),
  };
}

/** The bytes and the names of all files below a directory, as they lie on the disk. */
export async function bytesBelow(directory: string, except = ''): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name !== except)
    .map(({ parentPath, name }) => join(parentPath, name));
  // A file of the spool can go between the two.
  const contents = await Promise.all(paths.map((path) => readFile(path).catch(() => Buffer.alloc(0))));
  return Buffer.concat([Buffer.from(paths.join('\n')), ...contents]);
}
