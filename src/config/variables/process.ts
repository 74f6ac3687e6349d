import Type from 'typebox';
import { parseCidrs } from '../parsers.ts';
import { choice, custom, integer, secret, type Variable } from '../variable.ts';

/** Where the process listens, keeps its data and logs. */
export const processVariables = {
  HOST: custom(
    Type.String(),
    {
      default: '127.0.0.1',
      defaultNote: '`127.0.0.1` (`0.0.0.0` in the image)',
      allowed: 'an address or host name',
      description: 'Address to listen on.',
    },
    (text) => (/^\S+$/.test(text) ? text : undefined),
  ),
  PORT: integer({ minimum: 0, maximum: 65_535 }, { default: '3000', description: 'Port to listen on; `0` picks one.' }),
  METRICS_PORT: integer(
    { minimum: 0, maximum: 65_535 },
    {
      default: null,
      description: 'Own listener for `/metrics`, without a key. Unset: on the main port, with an admin key.',
    },
  ),
  TRUST_PROXY: custom(
    Type.Array(Type.String()),
    {
      default: null,
      allowed: 'addresses or CIDR ranges (not `/0`) between commas, e.g. `10.0.0.0/8,fd00::/8`',
      description: 'CIDRs whose `X-Forwarded-For` is believed.',
    },
    parseCidrs,
  ),
  DATA_DIR: custom(
    Type.String(),
    {
      default: './data',
      allowed: 'a path',
      description: 'SQLite database and attachment spool. Made with mode 0700, refused if others can read it.',
    },
    (text) => text,
  ),
  DATABASE_URL: secret(
    {
      allowed: 'a postgres:// URL',
      description: '`postgres://…`: PostgreSQL instead of SQLite, for several replicas.',
    },
    (text) => /^postgres(ql)?:\/\/\S+$/.test(text) && URL.canParse(text),
  ),
  LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'Least severe level that is logged.',
  }),
} as const satisfies Record<string, Variable>;
