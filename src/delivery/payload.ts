import type { SpooledFile } from '../attachments/spool.ts';
import type { Payload as StoredPayload } from '../store/message-row.ts';

/** What goes to CommBox. JSON is bytes until it was stored: they are counted and written more than once. */
export type Payload = StoredPayload | { readonly kind: 'json'; readonly body: Buffer };

export function jsonPayload(object: unknown): Payload {
  return { kind: 'json', body: Buffer.from(JSON.stringify({ data: object })) };
}

/** The files that go with a message. */
export function filesOf(payload: Payload | null): readonly SpooledFile[] {
  return payload?.kind === 'multipart' ? payload.files : [];
}

/** Bytes of the text and of the files. */
export function bytesOf(payload: Payload): number {
  if (payload.kind === 'json') return Buffer.byteLength(payload.body);
  return payload.files.reduce((sum, { size }) => sum + size, Buffer.byteLength(payload.data));
}

/** The same in the form that is stored. */
export function storable(payload: Payload): StoredPayload {
  // The bytes were checked to be UTF-8 on their way in, so text holds them exactly.
  return payload.kind === 'json' ? { kind: 'json', body: payload.body.toString() } : payload;
}
