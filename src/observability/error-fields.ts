/**
 * What may be logged of an error: its class, its code and where it was thrown. The message stays out: it may quote
 * what a caller or CommBox sent.
 */
export function errorFields(error: unknown): { errorName: string; errorCode?: string; errorAt?: string } {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = (error as { code?: unknown }).code;
  // The stack begins with the message, which may have lines of any form.
  const { stack = '', message } = error;
  const at = stack.indexOf(message);
  const frames = at === -1 ? '' : stack.slice(at + message.length);
  const frame = frames.split('\n').find((line) => line.startsWith('    at '));
  return {
    errorName: error.name,
    ...(typeof code === 'string' && { errorCode: code }),
    ...(frame !== undefined && { errorAt: frame.trim() }),
  };
}
