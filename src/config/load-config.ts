import { dirname, resolve } from 'node:path';
import type { CountryCode } from 'libphonenumber-js';
import { createAllowlist, parseAllowlistEntry } from '../access/allowlist.ts';
import { DEFAULT_ACCOUNT } from '../access/caller.ts';
import type { DirectorySnapshot } from '../access/directory.ts';
import { type AccountConfig, createAccount, openAccounts } from './accounts.ts';
import { COMMBOX_URL_RULE, parseCommboxUrl } from './commbox-url.ts';
import type { Config, ConfigFile } from './config.ts';
import { readSecrets, readValues, type Secrets } from './environment.ts';
import { readDirectory } from './load-directory.ts';
import { createProblems, type Problems } from './problems.ts';
import { readConfigText } from './reload-directory.ts';
import type { ConfigSource } from './source.ts';
import { type Values, variables } from './variables.ts';

const DEFAULT_FILE = 'gateway.yaml';

type ConfigPlace = Omit<ConfigFile, 'loadedText'>;

/**
 * Reads and judges the whole configuration: environment, secret files, YAML file. Creates nothing and listens nowhere.
 *
 * @throws ConfigError with every problem, fit for a terminal and free of values.
 */
export async function loadConfig(source: ConfigSource): Promise<Config> {
  const problems = createProblems();
  const values = readValues(source.env, problems);
  const secrets = await readSecrets(source, problems);
  const url = readUrl(values, problems);
  const areJudged = (...names: string[]) => !names.some((name) => problems.concerns(name));
  if (values.METRICS_PORT !== null && values.METRICS_PORT === values.PORT && values.PORT !== 0 && areJudged('PORT')) {
    problems.add('METRICS_PORT', 'is the same as PORT; allowed: another port, or unset');
  }
  // A key stands for its message: once that is deleted, a repeat could not be told from a first request.
  const { IDEMPOTENCY_HOURS: hours, RETENTION_DAYS: days } = values;
  if (hours > days * 24 && areJudged('IDEMPOTENCY_HOURS', 'RETENTION_DAYS')) {
    const what = `is ${hours} hours, longer than RETENTION_DAYS (${days} days)`;
    problems.add('IDEMPOTENCY_HOURS', `${what}; allowed: at most as long as messages are kept`);
  }

  const place = configFile(source, values, secrets, url);
  const text = await readConfigText(place, problems);
  const file = { ...place, loadedText: () => text };
  const { directory, accounts } = readDirectory(text ?? '', file.environment, problems);
  const opened = await openAccounts(accounts, source.readFile, problems);
  problems.throwIfAny();
  return toConfig(source, values, secrets, file, directory, [defaultAccount(values, secrets, url), ...opened]);
}

function readUrl(values: Values, problems: Problems): URL {
  const url = parseCommboxUrl(values.COMMBOX_API_URL, values.COMMBOX_ALLOW_HTTP);
  if (url !== null) return url;
  problems.add('COMMBOX_API_URL', `is not allowed; allowed: ${COMMBOX_URL_RULE}`);
  return new URL(variables.COMMBOX_API_URL.default);
}

function configFile(source: ConfigSource, values: Values, secrets: Secrets, url: URL): ConfigPlace {
  const path = resolve(source.cwd, values.GATEWAY_CONFIG ?? DEFAULT_FILE);
  return {
    path,
    required: values.GATEWAY_CONFIG !== null,
    readFile: source.readFile,
    environment: {
      fileName: path,
      streamIds: {
        email: values.COMMBOX_EMAIL_STREAM,
        sms: values.COMMBOX_SMS_STREAM,
        whatsapp: values.COMMBOX_WHATSAPP_STREAM,
        chat: values.COMMBOX_CHAT_STREAM,
      },
      managerId: values.COMMBOX_MANAGER_ID,
      defaultCountry: countryOf(values),
      gatewayKey: secrets.GATEWAY_API_KEY,
      authOff: values.GATEWAY_AUTH === 'off',
      rateLimitMax: values.RATE_LIMIT_MAX,
      accountDefaults: {
        url,
        allowHttp: values.COMMBOX_ALLOW_HTTP,
        rate: values.UPSTREAM_RATE,
        concurrency: values.UPSTREAM_CONCURRENCY,
        directory: dirname(path),
      },
    },
  };
}

// The variable's own reading lets only the library's codes through.
function countryOf({ DEFAULT_COUNTRY: country }: Values): CountryCode | undefined {
  return country === null ? undefined : (country as CountryCode);
}

function defaultAccount(values: Values, secrets: Secrets, url: URL): AccountConfig {
  const key = secrets.COMMBOX_API_KEY;
  if (key === null) throw new TypeError('COMMBOX_API_KEY is required and was checked before');
  const { UPSTREAM_RATE: rate, UPSTREAM_CONCURRENCY: concurrency } = values;
  return createAccount({ name: DEFAULT_ACCOUNT, url, key, nextKey: secrets.COMMBOX_API_KEY_NEXT, rate, concurrency });
}

function toConfig(
  source: ConfigSource,
  values: Values,
  secrets: Secrets,
  file: ConfigFile,
  directory: DirectorySnapshot,
  accounts: readonly AccountConfig[],
): Config {
  const entries = values.RECIPIENT_ALLOWLIST?.map(parseAllowlistEntry).filter((entry) => entry !== null) ?? null;
  return {
    listen: {
      host: values.HOST,
      port: values.PORT,
      metricsPort: values.METRICS_PORT,
      trustProxy: values.TRUST_PROXY ?? [],
    },
    accounts,
    directory,
    file,
    limits: {
      bodyLimit: values.BODY_LIMIT,
      attachmentLimit: values.ATTACHMENT_LIMIT,
      attachmentCount: values.ATTACHMENT_COUNT,
      queueLimit: values.QUEUE_LIMIT,
    },
    timing: {
      syncWaitMs: values.SYNC_WAIT_MS,
      upstreamTimeoutMs: values.UPSTREAM_TIMEOUT_MS,
      messageTtlHours: values.MESSAGE_TTL_HOURS,
      retentionDays: values.RETENTION_DAYS,
      idempotencyHours: values.IDEMPOTENCY_HOURS,
    },
    dataDir: resolve(source.cwd, values.DATA_DIR),
    databaseUrl: () => secrets.DATABASE_URL?.value() ?? null,
    proxy: { https: () => secrets.HTTPS_PROXY?.value() ?? null, no: values.NO_PROXY ?? '' },
    allowlist: createAllowlist(entries),
    defaultCountry: file.environment.defaultCountry,
    logLevel: values.LOG_LEVEL,
  };
}
