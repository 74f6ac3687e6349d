import { inspect } from 'node:util';
import t from 'tap';
import { variables } from '../../src/config/variables.ts';
import { keyHash, load, loadYaml, MINIMUM } from '../config/fixtures.ts';
import { startGateway } from '../support/gateway.ts';
import { callerKeys, commboxKeys, secrets } from './planted.ts';
import { createSearch } from './search.ts';

const nowhere = createSearch(secrets);
const keys = [commboxKeys.current, commboxKeys.brand, callerKeys.ops];

/** What loading ends with, as whoever starts the gateway would see it; '' for what is legal. */
async function complaintOf(loading: Promise<unknown>): Promise<string> {
  try {
    await loading;
    return '';
  } catch (error) {
    return inspect(error);
  }
}

t.test('a key in the place of any other variable, or of its own file, is not quoted', async (t) => {
  // Paths, names and ids that are keys as well: nothing is wrong with them.
  const isFree = (name: string) => /^(GATEWAY_CONFIG|DATA_DIR|HOST|NO_PROXY|COMMBOX_.*_STREAM)$/.test(name);
  const secret = Object.entries(variables).filter(([, variable]) => variable.secret);
  const names = [
    ...Object.keys(variables).filter((name) => !isFree(name) && !secret.some(([other]) => other === name)),
    ...secret.map(([name]) => `${name}_FILE`),
    ...['DATABASE_URL', 'HTTPS_PROXY'],
  ];
  t.ok(names.length > 20);
  for (const name of names) {
    for (const key of keys) {
      const env = { ...MINIMUM, [name]: key, ...(name.endsWith('_FILE') && { [name.replace('_FILE', '')]: '' }) };
      const complaint = await complaintOf(load(env));
      if (nowhere(complaint).length > 0 || !complaint.includes(name)) t.fail(complaint);
    }
  }
});

t.test('a key file that holds two keys, or a key and more, is not quoted', async (t) => {
  for (const content of [
    `${commboxKeys.current} ${commboxKeys.brand}`,
    `KEY=${commboxKeys.current}\nOTHER=1`,
    '\u0000',
  ]) {
    const env = { ...MINIMUM, COMMBOX_API_KEY: '', COMMBOX_API_KEY_FILE: 'key' };
    t.strictSame(nowhere(await complaintOf(load(env, { key: content }))), []);
  }
});

/** YAML files with a key in clear, in every place where a hurried hand puts it. */
function mistakes(key: string): string[] {
  const quoted = JSON.stringify(key);
  const caller = (text: string) => `callers:\n  billing:\n    ${text}\n`;
  const account = (text: string) => `accounts:\n  brand-b:\n    ${text}\n`;
  const stream = (text: string) => `streams:\n  news:\n    ${text}\n`;
  return [
    ...[
      `keys: [${quoted}]`,
      `keys: ${quoted}`,
      `keys: { ${quoted}: true }`,
      `keys: ["sha256:${key.slice(0, 64)}"]`,
    ].map(caller),
    ...[`keys: [${quoted}`, `keys: [${quoted}]\n    keys: [${quoted}]`, `key: ${quoted}`, `${quoted}: [x]`].map(caller),
    ...[
      `keys:\n      - !!str ${quoted}`,
      `keys: [*x]\n    x: ${quoted}`,
      `keys:\n\t- ${quoted}`,
      `? [${quoted}]\n    : x`,
    ].map(caller),
    ...['channels', 'streams', 'lane', 'weight', 'rateLimit', 'admin'].map((name) => caller(`${name}: [${quoted}]`)),
    ...['lane', 'weight', 'rateLimit', 'admin'].map((name) => caller(`${name}: ${quoted}`)),
    `callers: { ${quoted}: { keys: [x] } }`,
    `callers: ${quoted}`,
    quoted,
    `${quoted}: {}`,
    ...['keyFile', 'nextKeyFile', 'url', 'rate', 'key'].map((name) => account(`${name}: ${quoted}`)),
    account(`url: "https://user:${encodeURIComponent(key)}@api.commbox.io"\n    keyFile: x`),
    `accounts: { ${quoted}: { keyFile: x } }`,
    ...['channel', 'id', 'account', 'lane', 'ttlHours', 'managerId', 'status', 'key'].map((name) =>
      stream(`${name}: ${quoted}`),
    ),
    `streams: { ${quoted}: { channel: sms, id: 5, managerId: x } }`,
    `streams: { news: { channel: sms, id: 5, account: ${quoted} } }`,
    // Two at once: what the second might have meant is listed.
    `accounts: { ${quoted}: { keyFile: x } }\nstreams: { news: { channel: sms, id: 5, account: brnd } }`,
    `streams: { ${quoted}: { channel: sms, id: 5 } }\n${caller('streams: [newz]')}`,
  ];
}

t.test('a key anywhere in gateway.yaml is not quoted', async (t) => {
  for (const key of keys) {
    const complaints: string[] = [];
    for (const yaml of mistakes(key)) {
      const complaint = await complaintOf(loadYaml(yaml));
      if (nowhere(complaint).length > 0) t.fail(`${yaml}\n${complaint}`);
      if (complaint !== '') complaints.push(complaint);
    }
    t.ok(complaints.length > mistakes(key).length - 3, 'nearly all are mistakes');
  }
});

t.test('the same in a reload: the log says what is wrong, and the gateway goes on', async (t) => {
  const good = `callers: { billing: { keys: ["${keyHash(callerKeys.billing)}"] } }`;
  const files: Record<string, string> = { 'gateway.yaml': good };
  const { log, reload, get } = await startGateway(t, { files, env: { LOG_LEVEL: 'trace' } });
  for (const yaml of mistakes(commboxKeys.current)) {
    files['gateway.yaml'] = yaml;
    await reload();
  }
  files['gateway.yaml'] = good;
  await reload();
  t.ok(log.lines({ level: 50 }).length > mistakes('').length - 3, 'each was complained about');
  t.strictSame(nowhere(log.text()), []);
  t.equal((await get('/readyz')).status, 200);
});
