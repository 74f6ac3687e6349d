const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'DNS does not know the host',
  EAI_AGAIN: 'DNS does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed from the other side',
  EPIPE: 'the connection was closed from the other side',
  UND_ERR_SOCKET: 'the connection was closed from the other side',
  ETIMEDOUT: 'no connection in time, which a firewall may cause',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time, which a firewall may cause',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no complete answer in time',
  EHOSTUNREACH: 'no route leads there',
  ENETUNREACH: 'no route leads there',
  EPROTO: 'what listens there does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what listens there does not speak TLS',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  CERT_NOT_YET_VALID: 'its TLS certificate is not valid yet: is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is signed by nobody known (NODE_EXTRA_CA_CERTS adds authorities)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by nobody known (NODE_EXTRA_CA_CERTS adds authorities)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its TLS certificate is signed by nobody known (NODE_EXTRA_CA_CERTS adds authorities)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its TLS certificate is signed by nobody known (NODE_EXTRA_CA_CERTS adds authorities)',
  EADDRINUSE: 'another process listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  CONNECTION_LOST: 'the connection was closed, or no answer came in time',
  EACCES: 'this user may not',
  ENOENT: 'there is no such place, or nothing can be made there',
  ENOTDIR: 'its path leads through something that is no directory',
  ELOOP: 'its path leads through links in a circle',
  EROFS: 'it is read-only',
  ENOSPC: 'the disk is full',
};

/**
 * What a failure of the network or the disk means, for a person, with its code behind. Never the error's own message:
 * that may quote a URL with its password.
 */
export function explainFailure(error: unknown): string {
  return meaningOf(error) ?? `it failed (${codeOf(error)})`;
}

/** The same, or null of a failure that has no words here. */
export function meaningOf(error: unknown): string | null {
  const code = codeOf(error);
  const meaning = words[code];
  return meaning === undefined ? null : `${meaning} (${code})`;
}

/** The code of a failure, else the kind of error. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? codeOf(cause) : error.name;
}
