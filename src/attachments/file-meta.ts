import type { Fault } from '../kernel/errors.ts';
import type { SpooledFile } from './spool.ts';

const CONTROL = /\p{Cc}/u;
const HEADER_TEXT = /^[\x20-\x7e]+$/;

/**
 * What is wrong with a file's name or type, at the pointers given. Paths are welcome in a name: it never becomes part
 * of one here, and CommBox receives it as it is. A type is judged by the caller and CommBox, not here: it must only be
 * able to stand in a header.
 */
export function fileMetaFaults(
  meta: Pick<SpooledFile, 'name' | 'contentType'>,
  pointers: { readonly name: string; readonly contentType: string },
): Fault[] {
  const faults: Fault[] = [];
  if (meta.name === '') {
    faults.push({ pointer: pointers.name, message: 'a file needs a file name of at least one character' });
  } else if (CONTROL.test(meta.name) || !meta.name.isWellFormed()) {
    faults.push({ pointer: pointers.name, message: 'a file name must be text without control characters' });
  }
  if (meta.contentType !== null && !HEADER_TEXT.test(meta.contentType)) {
    faults.push({
      pointer: pointers.contentType,
      message: 'a content type must be printable ASCII, like "application/pdf"',
    });
  }
  return faults;
}
