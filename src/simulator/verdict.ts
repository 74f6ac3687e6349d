import type { ScriptedAnswer, Settings } from './control.ts';
import { countedStatus } from './envelope.ts';
import type { MessageBody } from './message.ts';

/** A refusal by rule: the key, the stream, or a quota. */
export interface Refusal {
  readonly status: number;
  readonly description?: string;
  readonly retryAfter?: string;
}

/** What becomes of a send. */
export type Verdict =
  | { readonly kind: 'refuse'; readonly record: false; readonly refusal: Refusal }
  | { readonly kind: 'drop' | 'hang'; readonly record: boolean }
  | {
      readonly kind: 'answer';
      readonly record: boolean;
      readonly status: number;
      readonly envelopeStatus: number | string | null;
      readonly counted: number;
      readonly fault: ScriptedAnswer;
    };

/** Whether the fault leaves an object behind: as it says, else as a reader of the answer would expect. */
function leavesObject(fault: ScriptedAnswer, counted: number): boolean {
  if (fault.record !== undefined) return fault.record;
  if (fault.reset !== undefined) return fault.reset !== 'before';
  return fault.hang === true || (counted >= 200 && counted < 300);
}

/**
 * Judges a send that arrived with `body`, after `refusal` (if any) and with the fault it meets (if any). Only a valid
 * object can be recorded, so an invalid one is refused unless its fault leaves nothing behind anyway.
 */
export function judgeSend(body: MessageBody, refusal: Refusal | undefined, fault: ScriptedAnswer = {}): Verdict {
  if (body.aborted) return { kind: 'drop', record: false };
  if (refusal !== undefined) return { kind: 'refuse', record: false, refusal };
  const status = fault.status ?? 200;
  const envelopeStatus = fault.envelopeStatus === undefined ? status : fault.envelopeStatus;
  const counted = countedStatus(status, envelopeStatus);
  const record = leavesObject(fault, counted);
  const isOrdinary = fault.status === undefined && fault.reset === undefined && fault.hang !== true;
  if (body.fault !== undefined && (record || isOrdinary)) {
    return { kind: 'refuse', record: false, refusal: body.fault };
  }
  if (fault.hang) return { kind: 'hang', record };
  if (fault.reset === 'before' || fault.reset === 'after') return { kind: 'drop', record };
  return { kind: 'answer', record, status, envelopeStatus, counted, fault };
}

/** The envelope's `data` for a created object, as JSON text; undefined if the answer carries no id. */
export function idData(
  fault: ScriptedAnswer,
  settings: Settings,
  body: MessageBody,
  objectId: bigint,
): string | undefined {
  const isHidden = fault.noId ?? (body.sendToClient && !settings.sendToClientId);
  return isHidden ? undefined : `{"${fault.idKey ?? settings.idKey}":${objectId}}`;
}
