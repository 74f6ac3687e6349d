import Type, { type Static } from 'typebox';
import type { InlineAttachment, MapContext } from './channel.ts';
import { line, strictObject } from './fields.ts';

const address = Type.String({ format: 'email', description: 'An e-mail address.' });
const namedAddress = strictObject({
  email: address,
  name: Type.Optional(Type.String({ maxLength: 255, format: 'no-control', description: 'Display name.' })),
});

/** One address, with or without a name, or a list of both kinds. */
export function addresses(minItems: number, maxItems: number, description: string) {
  const list = Type.Array(Type.Union([address, namedAddress]), { minItems, maxItems });
  return Type.Union([address, namedAddress, list], { description });
}
type Address = Static<typeof address> | Static<typeof namedAddress>;
export type Addresses = Address | Address[];

export const fromField = Type.Optional(
  Type.String({
    format: 'email',
    description: "Sets `UserStreamProviderId`, as in CommBox's attachment examples; it does not change the sender.",
  }),
);

export const attachmentsField = Type.Optional(
  Type.Array(
    strictObject({
      filename: line(255, 'Name of the file.'),
      contentType: Type.Optional(line(255, 'Media type, with `content` only.')),
      content: Type.Optional(Type.String({ contentEncoding: 'base64', description: 'The bytes as base64.' })),
      url: Type.Optional(
        Type.String({ maxLength: 2048, format: 'https-url', description: 'Or where CommBox fetches the file.' }),
      ),
    }),
    { description: 'Files, each with either `content` or `url`.' },
  ),
);
type Attachments = NonNullable<Static<typeof attachmentsField>>;

/** Addresses as CommBox's `Content` lists them; undefined for none, so that an empty list leaves no member. */
export function mapAddresses(given: Addresses | undefined): { address: string; name?: string }[] | undefined {
  if (given === undefined) return undefined;
  const list = Array.isArray(given) ? given.map(mapAddress) : [mapAddress(given)];
  return list.length === 0 ? undefined : list;
}

function mapAddress(given: Address): { address: string; name?: string } {
  if (typeof given === 'string') return { address: given };
  return given.name === undefined ? { address: given.email } : { address: given.email, name: given.name };
}

/** Attachments by what becomes of them: files that go along, and links that CommBox follows. */
export interface MappedAttachments {
  readonly files: readonly InlineAttachment[];
  readonly links: readonly { path: string; name: string }[];
}

const NO_ATTACHMENTS: MappedAttachments = { files: [], links: [] };

export function mapAttachments(attachments: Attachments | undefined, context: MapContext): MappedAttachments {
  if (attachments === undefined || attachments.length === 0) return NO_ATTACHMENTS;
  const files: InlineAttachment[] = [];
  const links: { path: string; name: string }[] = [];
  for (const [index, { filename: name, contentType, content, url }] of attachments.entries()) {
    const pointer = `/attachments/${index}`;
    if ((content === undefined) === (url === undefined)) context.fault(pointer, 'must have either content or url');
    else if (url !== undefined && contentType !== undefined) {
      context.fault(`${pointer}/contentType`, 'is allowed only with content');
    } else if (url !== undefined) links.push({ path: url, name });
    else files.push({ name, contentType: contentType ?? null, base64: content ?? '', pointer });
  }
  return { files, links };
}
