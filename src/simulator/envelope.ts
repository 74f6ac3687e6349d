const descriptions: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Operation failed',
  501: 'Not Implemented',
};

/** What CommBox's reference says beside a status; empty for one it does not list. */
export function describeStatus(status: number): string {
  return descriptions[status] ?? '';
}

export interface Envelope {
  /** Null leaves the member out. CommBox has been seen with a number and with a string. */
  readonly status: number | string | null;
  readonly description: string;
  /** ISO 8601, UTC. */
  readonly responseTime: string;
  /** JSON text, so that an int64 id keeps its digits. */
  readonly data?: string | undefined;
}

/** CommBox's answer document as JSON text. */
export function formatEnvelope({ status, description, responseTime, data }: Envelope): string {
  const head = status === null ? '' : `"status":${JSON.stringify(status)},`;
  const tail = data === undefined ? '' : `,"data":${data}`;
  return `{${head}"description":${JSON.stringify(description)},"response_time":"${responseTime}"${tail}}`;
}

/** The status that counts: the HTTP one unless it is 2xx, then the envelope's own. */
export function countedStatus(httpStatus: number, envelopeStatus: number | string | null): number {
  const isSuccess = httpStatus >= 200 && httpStatus < 300;
  return isSuccess && envelopeStatus !== null ? Number(envelopeStatus) : httpStatus;
}
