import type { MessageRow } from '../store/message-row.ts';

/** What identifies a sent object in CommBox's listing. */
export interface SentObject {
  readonly text: string;
  /** Null if the object named no identity, so that only its time can be searched for. */
  readonly identity: { readonly id: string; readonly type: number } | null;
}

/** Reads it from what was sent; null if that is not in CommBox's form. */
export function readSentObject(payload: NonNullable<MessageRow['payload']>): SentObject | null {
  const object = objectIn(payload);
  const text = object?.['Message'];
  if (object === null || typeof text !== 'string') return null;
  const id = object['UserStreamProviderId'];
  const type = Number(object['UserStreamProviderType']);
  return { text, identity: typeof id === 'string' && id !== '' && Number.isInteger(type) ? { id, type } : null };
}

/** The object of a payload, parsed. */
export function objectIn(payload: NonNullable<MessageRow['payload']>): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(payload.kind === 'json' ? payload.body : payload.data);
    const object = payload.kind === 'json' ? (value as { data?: unknown } | null)?.data : value;
    return typeof object === 'object' && object !== null ? (object as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
