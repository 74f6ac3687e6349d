import Type from 'typebox';
import { isStreamId, STREAM_ID_RULE } from '../../access/stream-id.ts';
import { COMMBOX_URL_RULE, parseCommboxUrl } from '../commbox-url.ts';
import { HEADER_SAFE_RULE, isHeaderSafe, parseInt64 } from '../parsers.ts';
import { custom, flag, secret, type Variable } from '../variable.ts';

const streamOf = (channel: string) =>
  custom(
    Type.String(),
    {
      default: null,
      allowed: `a CommBox stream id: ${STREAM_ID_RULE}`,
      description: `CommBox stream id; defines the alias \`${channel}\`, used when a request to \`/v1/${channel}\` names no stream.`,
    },
    (text) => (isStreamId(text) ? text : undefined),
  );

/** The way to CommBox: the default account, and the streams that requests use without naming them. */
export const commboxVariables = {
  COMMBOX_API_URL: custom(
    Type.String(),
    { default: 'https://api.commbox.io', allowed: COMMBOX_URL_RULE, description: 'Base URL of the default account.' },
    // Whether `http:` will do depends on another variable, so the strict reading comes later.
    (text) => (parseCommboxUrl(text, true) === null ? undefined : text),
  ),
  COMMBOX_ALLOW_HTTP: flag({
    default: 'false',
    description: 'Allows `http:` base URLs beyond this machine. The API key then travels unencrypted.',
  }),
  COMMBOX_API_KEY: secret(
    {
      required: true,
      allowed: HEADER_SAFE_RULE,
      description: 'API key of the default account.',
    },
    isHeaderSafe,
  ),
  COMMBOX_API_KEY_NEXT: secret(
    {
      allowed: HEADER_SAFE_RULE,
      description: 'Second key, tried once when the first is refused: rotation without a gap.',
    },
    isHeaderSafe,
  ),
  COMMBOX_EMAIL_STREAM: streamOf('email'),
  COMMBOX_SMS_STREAM: streamOf('sms'),
  COMMBOX_WHATSAPP_STREAM: streamOf('whatsapp'),
  COMMBOX_CHAT_STREAM: streamOf('chat'),
  COMMBOX_MANAGER_ID: custom(
    Type.String(),
    {
      default: null,
      allowed: 'an int64 in decimal digits',
      description: 'Default `ManagerId`. Without one, CommBox shows a conversation as started by the customer.',
    },
    parseInt64,
  ),
  HTTPS_PROXY: secret(
    {
      lowerCaseToo: true,
      allowed: 'an http: or https: URL',
      description: 'Proxy on the way to CommBox. A secret, since it may hold a password.',
    },
    isProxyUrl,
  ),
  NO_PROXY: custom(
    Type.String(),
    {
      default: null,
      lowerCaseToo: true,
      allowed: 'host names between commas',
      description: 'Hosts that are reached without the proxy.',
    },
    (text) => text,
  ),
} as const satisfies Record<string, Variable>;

/** Whether the client can take it: user and password are decoded there, and a stray % would end the process. */
function isProxyUrl(text: string): boolean {
  const url = /^\S+$/.test(text) ? URL.parse(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
    return true;
  } catch {
    return false;
  }
}
