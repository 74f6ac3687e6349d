import { isSupportedCountry } from 'libphonenumber-js/max';
import Type from 'typebox';
import { ALLOWLIST_ENTRY_RULE, parseAllowlistEntry } from '../../access/allowlist.ts';
import { HEADER_SAFE_RULE, isHeaderSafe, parseList } from '../parsers.ts';
import { choice, custom, integer, secret, type Variable } from '../variable.ts';

const SHORTEST_KEY = 24;

/** Who may call, and whom they may write to. */
export const accessVariables = {
  GATEWAY_API_KEY: secret(
    {
      allowed: `at least ${SHORTEST_KEY} ${HEADER_SAFE_RULE}`,
      description: `Key (at least ${SHORTEST_KEY} characters) of a single caller \`default\`: admin, every lane, every stream.`,
    },
    (text) => isHeaderSafe(text) && text.length >= SHORTEST_KEY,
  ),
  GATEWAY_CONFIG: custom(
    Type.String(),
    {
      default: null,
      defaultNote: '`gateway.yaml` if it exists',
      allowed: 'a path',
      description: 'The YAML file with callers, streams and further accounts.',
    },
    (text) => text,
  ),
  GATEWAY_AUTH: choice(['required', 'off'], {
    default: 'required',
    description: '`off` only for a trusted network: every request is caller `default`.',
  }),
  RATE_LIMIT_MAX: integer(
    { minimum: 0, maximum: 10_000_000 },
    {
      default: '0',
      description:
        "Requests per minute and caller where the caller's entry says nothing; `0` = no limit. Each replica counts for itself.",
    },
  ),
  RECIPIENT_ALLOWLIST: custom(
    Type.Array(Type.String()),
    {
      default: null,
      allowed: `entries between commas, each ${ALLOWLIST_ENTRY_RULE}`,
      description:
        'Numbers, addresses and `@domains`; every other recipient is refused: staging cannot write to customers.',
    },
    (text) => {
      const entries = parseList(text);
      return entries?.every((entry) => parseAllowlistEntry(entry) !== null) ? entries : undefined;
    },
  ),
  DEFAULT_COUNTRY: custom(
    Type.String(),
    {
      default: null,
      allowed: 'a country code of ISO 3166 in capitals, e.g. IL',
      description: 'Country whose national phone numbers callers may give, e.g. `IL`.',
    },
    (text) => (isSupportedCountry(text) ? text : undefined),
  ),
} as const satisfies Record<string, Variable>;
