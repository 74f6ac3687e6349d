/** What every contender is told: where it listens, and what it forwards to with which key. */
export interface ContenderSettings {
  readonly port: number;
  /** Origin without a path. */
  readonly upstream: string;
  /** Value of the `Authorization` header that the upstream is sent. */
  readonly authorization: string;
}

/** @throws if the benchmark did not set all of them. */
export function readSettings(env: NodeJS.ProcessEnv): ContenderSettings {
  const { PORT, UPSTREAM_URL, UPSTREAM_KEY } = env;
  if (PORT === undefined || UPSTREAM_URL === undefined || UPSTREAM_KEY === undefined) {
    throw new Error('contenders are started by bench/run.ts');
  }
  return { port: Number(PORT), upstream: UPSTREAM_URL, authorization: `Bearer ${UPSTREAM_KEY}` };
}
