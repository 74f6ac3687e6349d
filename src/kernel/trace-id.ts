/** The trace id of a `traceparent` (W3C Trace Context, 3.2.2), as it joins log lines. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
