import { explainFailure } from './failure-words.ts';

/** The gateway cannot start for a reason that its operator can mend. The message is fit for a terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export interface ListenPlace {
  readonly host: string;
  readonly port: number;
  /** Variables or options that say where, as an operator knows them. */
  readonly settings: string;
}

/** An address that cannot be had. */
export function cannotListen({ host, port, settings }: ListenPlace, cause: unknown): StartError {
  return new StartError(`cannot listen at ${host}:${port} (${settings}): ${explainFailure(cause)}`, { cause });
}
