import type { CountryCode } from 'libphonenumber-js';
import type { Static, TObject } from 'typebox';

/** The four ways to send that have an endpoint of their own. */
export const channelNames = ['email', 'sms', 'whatsapp', 'chat'] as const;
export type ChannelName = (typeof channelNames)[number];

/** Priority classes, highest first. */
export const lanes = ['critical', 'normal', 'bulk'] as const;
export type Lane = (typeof lanes)[number];

/** CommBox's own object, members in the order of CommBox's reference. Exact numbers are `JSON.rawJSON` values. */
export type CommboxObject = Record<string, unknown>;

/** A file given as base64 inside a JSON request. */
export interface InlineAttachment {
  readonly name: string;
  readonly contentType: string | null;
  readonly base64: string;
  /** Where it stands in the request, for a fault found while decoding. */
  readonly pointer: string;
}

/** What a channel made of a valid request. */
export interface MappedMessage {
  readonly object: CommboxObject;
  /** Everyone whom this object could reach, for the recipient allow-list: addresses, or phones as bare digits. */
  readonly recipients: readonly string[];
  readonly attachments: readonly InlineAttachment[];
}

export interface MapContext {
  /** Country whose national phone numbers are understood. */
  readonly defaultCountry: CountryCode | undefined;
  /** Reports what the schema cannot say. A mapping that reported a fault is not used. */
  fault(pointer: string, message: string): void;
}

/** A channel is data: a strict schema, the mapping to CommBox's object, and examples that tests and docs share. */
export interface Channel<Schema extends TObject = TObject> {
  readonly name: ChannelName;
  readonly title: string;
  readonly schema: Schema;
  readonly examples: readonly ChannelExample[];
  map(request: Static<Schema>, context: MapContext): MappedMessage;
}

export interface ChannelExample {
  readonly summary: string;
  readonly request: Record<string, unknown>;
  /** Exactly what CommBox receives for it. */
  readonly object: CommboxObject;
}
