/** Members whose values differ from one run to the next. */
const VARYING = new Set(['id', 'objectId', 'requestId', 'messageId', 'durationMs', 'position', 'location']);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Where an answer differs from what a page shows of it, as JSON pointers; empty if nowhere. The members must be the same
 * ones; ids and times may differ; `…` in the page stands for any text.
 */
export function differences(shown: unknown, real: unknown, pointer = ''): string[] {
  const name = pointer.slice(pointer.lastIndexOf('/') + 1);
  if (isObject(shown) && isObject(real)) {
    const names = new Set([...Object.keys(shown), ...Object.keys(real)]);
    return [...names].flatMap((member) => {
      const at = `${pointer}/${member}`;
      return member in shown && member in real ? differences(shown[member], real[member], at) : [at];
    });
  }
  if (VARYING.has(name) || isAlike(shown, real)) return [];
  // A message handed over may be on its way before it is looked at.
  if (name === 'status' && shown === 'queued' && real === 'sending') return [];
  if (name === 'estimatedStart' && real === null) return [];
  return [pointer];
}

function isAlike(shown: unknown, real: unknown): boolean {
  if (shown === real) return true;
  if (typeof shown !== 'string' || typeof real !== 'string') return false;
  if (TIME.test(shown)) return TIME.test(real);
  const [before = '', ...after] = shown.split('…');
  return after.length > 0 && real.startsWith(before) && real.endsWith(after.at(-1) ?? '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
