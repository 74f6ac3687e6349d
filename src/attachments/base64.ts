import type { InlineAttachment } from '../channels/channel.ts';
import { type Fault, invalidRequest, MAX_FAULTS } from '../kernel/errors.ts';
import { pointerTo } from '../kernel/pointer.ts';
import { fileMetaFaults } from './file-meta.ts';
import { type AttachmentLimits, checkAttachmentCount, createAttachmentBudget } from './limits.ts';
import type { Spool, SpooledFile } from './spool.ts';

const OUTSIDE_ALPHABET = /[^A-Za-z0-9+/]/;

// A multiple of 4, so that every slice but the last decodes without padding.
const SLICE_CHARACTERS = 64 * 1024;

/** Bytes that a base64 text (RFC 4648, section 4: padded, no white space) stands for; null if it is not one. */
export function base64Size(text: string): number | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (OUTSIDE_ALPHABET.test(text.slice(0, text.length - padding))) return null;
  return (text.length / 4) * 3 - padding;
}

/**
 * Puts base64 attachments into the spool, in their order, and gives up none or all: after an error nothing is left.
 * Rejects with a 400 that names every bad attachment, with a 413 before the first byte is written, or with the
 * spool's own errors. The whole is never decoded at once.
 *
 * @param others Files that the message has already: the limits are for all of them together.
 */
export async function spoolInline(
  spool: Spool,
  attachments: readonly InlineAttachment[],
  limits: AttachmentLimits,
  others: readonly SpooledFile[] = [],
): Promise<SpooledFile[]> {
  const [first] = attachments;
  if (first === undefined) return [];
  checkAttachmentCount(others.length + attachments.length, limits, first.pointer);
  const taken = others.reduce((bytes, { size }) => bytes + size, 0);
  checkContents(attachments, limits, taken);
  const budget = createAttachmentBudget(limits, first.pointer);
  budget.take(taken);
  const files: SpooledFile[] = [];
  try {
    for (const attachment of attachments) {
      files.push(await spool.write(attachment, decodeSlices(attachment.base64), budget));
    }
  } catch (error) {
    await spool.remove(files).catch(() => undefined);
    throw error;
  }
  return files;
}

function checkContents(attachments: readonly InlineAttachment[], limits: AttachmentLimits, taken: number): void {
  const budget = createAttachmentBudget(limits, attachments[0]?.pointer ?? '');
  budget.take(taken);
  for (const { base64 } of attachments) budget.take(base64Size(base64) ?? 0);
  const faults = inlineFaults(attachments);
  if (faults.length > 0) throw invalidRequest(faults);
}

/** What is wrong with the names, types and texts of base64 attachments; the walk stops once an answer is full. */
export function inlineFaults(attachments: readonly InlineAttachment[]): Fault[] {
  const faults: Fault[] = [];
  for (const attachment of attachments) {
    if (faults.length >= MAX_FAULTS) break;
    const { pointer } = attachment;
    const at = { name: pointerTo(pointer, 'filename'), contentType: pointerTo(pointer, 'contentType') };
    faults.push(...fileMetaFaults(attachment, at));
    if (base64Size(attachment.base64) !== null) continue;
    const message = 'must be base64 (RFC 4648, section 4): padded, without white space and without a "data:" prefix';
    faults.push({ pointer: pointerTo(pointer, 'content'), message });
  }
  return faults;
}

async function* decodeSlices(text: string): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < text.length; start += SLICE_CHARACTERS) {
    yield Buffer.from(text.slice(start, start + SLICE_CHARACTERS), 'base64');
  }
}
