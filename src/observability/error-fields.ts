/**
 * What may be logged of an error: its class, its code and where it was thrown. The message stays out: it may quote
 * what a caller or CommBox sent.
 */
export function errorFields(error: unknown): { errorName: string; errorCode?: string; errorAt?: string } {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = (error as { code?: unknown }).code;
  const frame = error.stack?.split('\n').find((line) => line.startsWith('    at '));
  return {
    errorName: error.name,
    ...(typeof code === 'string' && { errorCode: code }),
    ...(frame !== undefined && { errorAt: frame.trim() }),
  };
}
