/** What one connection, and all of them together, may take from the gateway's own listener. */
export interface ConnectionLimits {
  /** From the first byte of a connection or request to the end of its headers. */
  readonly headersMs: number;
  /** A body may take this long, and a second more for every {@link bodyBytesPerSecond}. */
  readonly bodyGraceMs: number;
  readonly bodyBytesPerSecond: number;
  /** How long a connection may stay open between two requests. */
  readonly idleMs: number;
  /** How long an answer may rest while its caller reads none of it. */
  readonly unreadMs: number;
  /** Requests that may wait behind another one of their connection (pipelining). */
  readonly pipelined: number;
  /** Connections that are served; a quarter more are told so, and the rest is closed without a word. */
  readonly connections: number;
  /** How often the times are looked at: an offence ends at most this much later. */
  readonly checkMs: number;
}

/**
 * A floor under the rate instead of one limit for every body: 25 MiB at 200 kbit/s take 18 minutes and are welcome,
 * while 100 bytes that trickle in are not. Idle connections outlive those of load balancers (60 s at most of them), so
 * that it is never the gateway that closes one under a request. A caller that reads at all, however slowly, moves its
 * answer within 30 s; one that does not would keep it in memory for as long as it likes. No client in common use
 * pipelines more than a few requests, while 64 KiB hold 2,000, each of which costs a hundred times its size.
 */
export const defaultConnectionLimits: ConnectionLimits = {
  headersMs: 15_000,
  bodyGraceMs: 30_000,
  bodyBytesPerSecond: 16 * 1024,
  idleMs: 72_000,
  unreadMs: 30_000,
  pipelined: 100,
  connections: 4_096,
  checkMs: 1_000,
};
