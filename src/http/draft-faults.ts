import type { Directory } from '../access/directory.ts';
import { inlineFaults } from '../attachments/base64.ts';
import type { ChannelName, InlineAttachment } from '../channels/channel.ts';
import { type Fault, GatewayError, MAX_FAULTS } from '../kernel/errors.ts';
import { pointerTo } from '../kernel/pointer.ts';
import { timeFaults } from './times.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Adds to the faults that a request was refused for those of the steps after, each place once: its times, and its
 * attachments' base64. `body` may be as invalid as it came; `defaults` are what its stream presets, and what is wrong
 * with them is said to be preset.
 */
export function withLaterFaults(faults: readonly Fault[], body: unknown, defaults: Fields, now: number): Fault[] {
  if (!isObject(body)) return [...faults];
  return allFaults(faults, body, defaults, now).map((fault) =>
    isPreset(fault, body, defaults) ? { ...fault, message: `${fault.message} (preset for this stream)` } : fault,
  );
}

/** As {@link withLaterFaults} while it is open which stream is meant: what any of them may preset is no fault. */
export function ownFaults(faults: readonly Fault[], body: unknown, defaults: Fields, now: number): Fault[] {
  if (!isObject(body)) return [...faults];
  return allFaults(faults, body, defaults, now).filter((fault) => !isPreset(fault, body, defaults));
}

function allFaults(faults: readonly Fault[], body: Fields, defaults: Fields, now: number): Fault[] {
  const fields = { ...defaults, ...body };
  return joined(faults, [...timeFaults(fields, now), ...inlineFaults(attachmentsOf(fields))]);
}

function isPreset({ pointer }: Fault, body: Fields, defaults: Fields): boolean {
  const member = pointer.split('/')[1] ?? '';
  return Object.hasOwn(defaults, member) && !Object.hasOwn(body, member);
}

/** The same error with further faults behind its own, each place once. */
export function withFurther(error: GatewayError, further: readonly Fault[]): GatewayError {
  const own = error.options.faults ?? [];
  const faults = joined(own, further);
  if (faults.length <= own.length) return error;
  const detail = `${error.message} (and ${faults.length - own.length} more)`;
  return new GatewayError(error.code, detail, { ...error.options, faults });
}

/**
 * What a request of this channel may find preset while it is open which stream it means: nothing of that can be said
 * to be missing.
 */
export function possibleDefaults(directory: Directory, channel: ChannelName): Fields {
  const { streams, rawDefaults } = directory.snapshot();
  const presets = streams.filter((stream) => stream.channel === channel).map(({ defaults }) => defaults);
  const fields: Record<string, unknown> = Object.assign({}, rawDefaults, ...presets);
  // Each stream presets one of the two at most.
  if (fields['text'] !== undefined) delete fields['html'];
  return fields;
}

// What an earlier step said of a place is the better word on it.
function joined(first: readonly Fault[], later: readonly Fault[]): Fault[] {
  const places = new Set(first.map(({ pointer }) => pointer));
  return [...first, ...later.filter(({ pointer }) => !places.has(pointer))].slice(0, MAX_FAULTS);
}

// Only what is of the right type can be judged; the schema speaks of the rest.
function attachmentsOf({ attachments }: Fields): InlineAttachment[] {
  if (!Array.isArray(attachments)) return [];
  return attachments.flatMap((item: unknown, index): InlineAttachment[] => {
    if (!isObject(item) || typeof item['content'] !== 'string') return [];
    const { filename, contentType, content } = item;
    const name = typeof filename === 'string' ? filename : 'file';
    const type = typeof contentType === 'string' ? contentType : null;
    return [{ name, contentType: type, base64: content, pointer: pointerTo('/attachments', index) }];
  });
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
