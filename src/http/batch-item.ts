import { type ChannelName, channelNames } from '../channels/channel.ts';
import { parseIdempotencyKey } from '../delivery/fingerprint.ts';
import { type Fault, GatewayError, invalidRequest } from '../kernel/errors.ts';
import { withFurther } from './draft-faults.ts';

/** One message of a batch, taken apart: what is a batch's own, and the fields that its channel's route would take. */
export interface BatchItemParts {
  readonly channel: ChannelName;
  readonly idempotencyKey: string | null;
  readonly fields: object;
}

/**
 * Takes one message of a batch apart.
 *
 * @param readFields Reads the fields as its channel's route does. Asked only if something else is wrong, for what it
 * throws about them.
 * @throws GatewayError `invalid_request` that names every fault, with pointers into the item.
 */
export function splitItem(
  item: unknown,
  readFields: (channel: ChannelName, fields: object) => unknown,
): BatchItemParts {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw invalidRequest([{ pointer: '', message: 'must be an object' }]);
  }
  const { channel: named, idempotencyKey: given, ...fields } = item as Record<string, unknown>;
  const channel = channelNames.find((known) => known === named);
  const key = readKey(given);
  const faults = [...key.faults];
  if (channel === undefined) {
    faults.unshift({ pointer: '/channel', message: `must be one of: ${channelNames.join(', ')}` });
    throw invalidRequest(faults);
  }
  if (faults.length > 0) {
    throw withFurther(
      invalidRequest(faults),
      faultsThrownBy(() => readFields(channel, fields)),
    );
  }
  return { channel, idempotencyKey: key.value, fields };
}

function readKey(given: unknown): { readonly value: string | null; readonly faults: readonly Fault[] } {
  if (given !== undefined && typeof given !== 'string') {
    return { value: null, faults: [{ pointer: '/idempotencyKey', message: 'must be a string' }] };
  }
  let value: string | null = null;
  const faults = faultsThrownBy(() => {
    value = parseIdempotencyKey(given, '/idempotencyKey');
  });
  return { value, faults };
}

function faultsThrownBy(work: () => unknown): readonly Fault[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof GatewayError) return error.options.faults ?? [];
    throw error;
  }
}
