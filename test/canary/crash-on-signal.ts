/** Loaded before a gateway by `--import`: makes SIGUSR2 a bug that nobody catches, of the kind that `CRASH` names. */
const text = process.env['CRASH_TEXT'] ?? '';

class CustomerNotFound extends Error {
  override readonly name = 'CustomerNotFound';
  readonly customer = text;
}

const kinds: Readonly<Record<string, () => void>> = {
  exception() {
    throw new Error(`no such customer: ${text}`);
  },
  'like a stack'() {
    throw new TypeError(`no such customer\n    at ${text}\n    at Object.${text}`);
  },
  rejection: () =>
    void Promise.reject(new CustomerNotFound(text, { cause: new AggregateError([new Error(text)], text) })),
};

process.on('SIGUSR2', () => kinds[process.env['CRASH'] ?? '']?.());
