import type { CountryCode } from 'libphonenumber-js';
import { type Fault, MAX_FAULTS } from '../kernel/errors.ts';
import { findLargeNumbers } from '../kernel/exact-json.ts';
import { compileSchema, type Validator } from '../kernel/validate.ts';
import type { Channel, ChannelName, MapContext, MappedMessage } from './channel.ts';
import { channelNames } from './channel.ts';
import type { CommonRequest } from './fields.ts';
import { channels } from './list.ts';
import { mappingFaults } from './mapping-faults.ts';

/** A request made ready to send, defaults included, or what is wrong with it: at most 20 faults. */
export type Prepared =
  | { readonly ok: true; readonly request: CommonRequest; readonly mapped: MappedMessage }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export interface PreparerOptions {
  /** `DEFAULT_COUNTRY`: the country whose national phone numbers are understood. */
  readonly defaultCountry?: CountryCode | undefined;
}

/**
 * Validates the parsed body of a request and maps it to CommBox's object. `defaults` are the fields a stream presets;
 * each gives way to the body's own, and a preset `text` to the body's `html` and the reverse. Pure: no I/O, no clock.
 */
export type Preparer = (channel: ChannelName, body: unknown, defaults: Readonly<Record<string, unknown>>) => Prepared;

/** Compiles the schema of every channel, so that a request only runs them. */
export function createPreparer(options: PreparerOptions): Preparer {
  const validators = new Map(channelNames.map((name) => [name, compileSchema(channels[name].schema)]));
  return (name, body, defaults) => {
    if (!isObject(body)) return { ok: false, faults: [{ pointer: '', message: 'must be a JSON object' }] };
    const validator = validators.get(name);
    if (validator === undefined) throw new TypeError('unknown channel');
    return prepare(channels[name], validator, withDefaults(body, defaults), options.defaultCountry);
  };
}

type Body = Record<string, unknown>;

function prepare(channel: Channel, validator: Validator, body: Body, country: CountryCode | undefined): Prepared {
  const schemaFaults = validator.check(body) ? [] : validator.faults(body);
  const faults = [...schemaFaults, ...otherFaults(body)];
  if (faults.length > 0) {
    if (faults.length < MAX_FAULTS) faults.push(...mappingFaults(channel, validator, body, schemaFaults, country));
    return { ok: false, faults: distinct(faults) };
  }
  const context: MapContext = {
    defaultCountry: country,
    fault: (pointer, message) => faults.push({ pointer, message }),
  };
  const mapped = channel.map(body, context);
  // The compiler cannot follow the validation that just took place.
  if (faults.length === 0) return { ok: true, request: body as CommonRequest, mapped };
  return { ok: false, faults: distinct(faults) };
}

// What neither a schema can say nor a channel needs to.
function otherFaults(body: Body): Fault[] {
  // Only `content` can hold numbers that the schema says nothing about.
  const faults = body['content'] === undefined ? [] : findLargeNumbers(body['content'], '/content');
  if (body['stream'] !== undefined && body['streamId'] !== undefined) {
    faults.push({ pointer: '/streamId', message: 'must not be given beside stream: give either one' });
  }
  return faults;
}

function distinct(faults: readonly Fault[]): Fault[] {
  const kept = new Map<string, Fault>();
  for (const fault of faults) {
    kept.set(`${fault.pointer} ${fault.message}`, fault);
    if (kept.size === MAX_FAULTS) break;
  }
  return [...kept.values()];
}

// Spreads, unlike assignments, keep a member called __proto__ a plain member, which validation then refuses.
function withDefaults(body: Body, defaults: Readonly<Body>): Body {
  if (Object.keys(defaults).length === 0) return body;
  const merged = { ...defaults, ...body };
  if (body['html'] !== undefined && body['text'] === undefined) delete merged['text'];
  if (body['text'] !== undefined && body['html'] === undefined) delete merged['html'];
  return merged;
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
