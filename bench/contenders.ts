import { fileURLToPath } from 'node:url';
import type { HttpRequest } from './lib/load.ts';
import { COMMBOX_KEY, commboxRequest, GATEWAY_KEY, STREAM_ID, smsRequest } from './payloads.ts';

export type ContenderName =
  | 'raw'
  | 'bare'
  | 'least'
  | 'gateway-sms'
  | 'gateway-drop-in'
  | 'fastify-http-proxy'
  | 'express';

/** Something that stands between load and upstream. */
export interface Contender {
  readonly name: ContenderName;
  readonly title: string;
  readonly script: readonly string[];
  readonly request: HttpRequest;
  readonly env: (places: Places) => Readonly<Record<string, string>>;
}

export interface Places {
  readonly port: number;
  readonly upstreamPort: number;
  /** An empty directory of its own. */
  readonly directory: string;
}

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

export const GATEWAY_SCRIPT = [pathOf('../src/cli.ts'), 'serve'];

/** The gateway's configuration: everything at its default, but with a caller's limit, so that the limiter works too. */
export function gatewayEnv({ port, upstreamPort, directory }: Places): Record<string, string> {
  return {
    PORT: String(port),
    DATA_DIR: directory,
    COMMBOX_API_URL: `http://127.0.0.1:${upstreamPort}`,
    COMMBOX_API_KEY: COMMBOX_KEY,
    COMMBOX_SMS_STREAM: STREAM_ID,
    COMMBOX_EMAIL_STREAM: '533',
    GATEWAY_API_KEY: GATEWAY_KEY,
    RATE_LIMIT_MAX: '10000000',
    // As many connections as the others have.
    UPSTREAM_CONCURRENCY: '50',
    LOG_LEVEL: 'info',
  };
}

const proxyEnv = ({ port, upstreamPort }: Places) => ({
  PORT: String(port),
  UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}`,
  UPSTREAM_KEY: COMMBOX_KEY,
});

const proxyAt = (name: ContenderName, title: string, file: string): Contender => ({
  name,
  title,
  script: [pathOf(file)],
  request: commboxRequest(),
  env: proxyEnv,
});

/** In the order of the tables. Each is a process of its own, the gateway's two doors as well. */
export const contenders: readonly Contender[] = [
  proxyAt('raw', 'raw undici hop on node:http', './contenders/raw-undici.ts'),
  proxyAt('bare', 'bare Fastify + undici', './contenders/bare-fastify.ts'),
  { ...proxyAt('least', 'the least full path', './contenders/least-path.ts'), request: smsRequest() },
  {
    name: 'gateway-sms',
    title: 'gateway, POST /v1/sms',
    script: GATEWAY_SCRIPT,
    request: smsRequest(),
    env: gatewayEnv,
  },
  {
    name: 'gateway-drop-in',
    title: 'gateway, drop-in door',
    script: GATEWAY_SCRIPT,
    request: commboxRequest(),
    env: gatewayEnv,
  },
  proxyAt('fastify-http-proxy', '@fastify/http-proxy', './contenders/http-proxy.ts'),
  proxyAt('express', 'express + http-proxy-middleware', './contenders/express.ts'),
];
