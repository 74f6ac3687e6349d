/** What an account's base URL may be, for messages about one that is not. */
export const COMMBOX_URL_RULE =
  'an https: URL without credentials, query or fragment (http: only for a loopback host, or with COMMBOX_ALLOW_HTTP=true)';

/**
 * The base URL of a CommBox installation; white-label ones may have a path. Null if the rule is broken: the API key
 * travels in every request, so plain HTTP stays on this machine unless the operator says otherwise.
 */
export function parseCommboxUrl(text: string, allowHttp: boolean): URL | null {
  // `new URL` would quietly cut white space off, and reads "https:host" as a host.
  if (!/^https?:\/\/[^\s?#@\\]+$/.test(text)) return null;
  const url = URL.parse(text);
  if (url === null) return null;
  return url.protocol === 'https:' || allowHttp || isLoopback(url.hostname) ? url : null;
}

/** Whether the host name of a URL is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
