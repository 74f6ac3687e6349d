/** The longest wait that a `Retry-After` may ask of the gateway; after that one probe asks again. */
const LONGEST_RETRY_AFTER_MS = 300_000;

const SECONDS = /^\d{1,10}$/;
// IMF-fixdate, the one form a sender may generate (RFC 9110, 5.6.7); Date.parse alone would take almost anything.
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds to wait, from a `Retry-After` in either form of RFC 9110, 10.2.3. A date is read against the answer's
 * own `Date`, since the two clocks may differ; without one against `nowMs`. Null when absent or nonsense.
 */
export function parseRetryAfter(value: string | undefined, answerDate: string | undefined, nowMs: number) {
  const text = value?.trim();
  if (!text) return null;
  if (SECONDS.test(text)) return Math.min(Number(text) * 1000, LONGEST_RETRY_AFTER_MS);
  if (!HTTP_DATE.test(text)) return null;
  const until = Date.parse(text);
  if (Number.isNaN(until)) return null;
  const sent = answerDate !== undefined && HTTP_DATE.test(answerDate) ? Date.parse(answerDate) : nowMs;
  const waitMs = until - (Number.isNaN(sent) ? nowMs : sent);
  return Math.min(Math.max(waitMs, 0), LONGEST_RETRY_AFTER_MS);
}
