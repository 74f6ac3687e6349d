import t from 'tap';
import { parse } from 'yaml';
import { SANDBOX_KEY, SANDBOX_STREAMS } from '../../src/cli/sandbox-pair.ts';
import { variables } from '../../src/config/variables.ts';
import { readPage } from '../docs/page.ts';
import { loadEnvironment, unknownNames } from './environment.ts';

interface Service {
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly image?: string;
  readonly stop_grace_period?: string;
  readonly command?: readonly string[];
}

const { services } = parse(readPage('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const service = (name: string) => services[name] as Service;
const nginx = readPage('deploy/nginx/nginx.conf');
const upstreams = [...nginx.matchAll(/^ +server (\S+):(\d+)/gm)].map(([, host = '', port = '']) => ({ host, port }));

/** A service and all that starts with it. */
function startedWith(name: string): string[] {
  return [...new Set([name, ...Object.keys(service(name).depends_on ?? {}).flatMap(startedWith)])];
}

t.test('without a name, only the gateway starts', async (t) => {
  const always = Object.keys(services).filter((name) => service(name).profiles === undefined);
  t.strictSame(always, ['gateway']);
});

t.test('scale starts PostgreSQL, two gateways, nginx and the simulator, all of one profile', async (t) => {
  const started = startedWith('scale');
  t.strictSame(started.toSorted(), ['gateway-1', 'gateway-2', 'postgres', 'scale', 'simulator']);
  for (const name of started) t.strictSame(service(name).profiles, ['scale'], name);
});

t.test('the gateways of scale start with what they are given', async (t) => {
  for (const name of ['gateway-1', 'gateway-2']) {
    const env = Object.fromEntries(
      Object.entries(service(name).environment ?? {}).map(([key, value]) => [key, `${value}`]),
    );
    t.strictSame(unknownNames(env), [], name);
    const config = await loadEnvironment(env);
    t.equal(URL.parse(config.databaseUrl() ?? '')?.hostname, 'postgres');
    t.strictSame(
      config.accounts.map(({ url }) => url.host),
      ['simulator:4010'],
    );
    t.strictSame(service('simulator').command?.slice(-2), ['--key', config.accounts[0]?.keys().current]);
    t.equal(env['GATEWAY_API_KEY'], SANDBOX_KEY, 'the examples of the README work here too');
    t.match(env, { COMMBOX_EMAIL_STREAM: SANDBOX_STREAMS.email, COMMBOX_SMS_STREAM: SANDBOX_STREAMS.sms });
  }
});

t.test('every variable reaches the gateway, each secret as a file too, and the key as a file alone', async (t) => {
  const given = Object.keys(service('gateway').environment ?? {});
  const known = Object.entries(variables).flatMap(([name, { secret }]) => {
    const files = secret ? [`${name}_FILE`] : [];
    return name === 'COMMBOX_API_KEY' ? files : [name, ...files];
  });
  t.strictSame(given.toSorted(), known.toSorted());
});

t.test('nginx asks the gateways of scale, where they listen', async (t) => {
  t.strictSame(upstreams, [
    { host: 'gateway-1', port: '3000' },
    { host: 'gateway-2', port: '3000' },
  ]);
  t.match(service('scale').ports?.[0], new RegExp(`:${/listen (\d+)/.exec(nginx)?.[1]}$`));
});

t.test('nginx repeats nothing that a gateway may have sent', async (t) => {
  const rules = [...nginx.matchAll(/^ +proxy_next_upstream (.+);/gm)].map(([, rule]) => rule);
  // The second stands at /readyz.
  t.strictSame(rules, ['error timeout', 'error timeout http_503']);
});

t.test('a gateway that stops has 30 s, and the others here wait for their connections', async (t) => {
  for (const name of ['gateway', 'gateway-1', 'gateway-2']) t.equal(service(name).stop_grace_period, '30s', name);
});
