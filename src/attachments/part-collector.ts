import { type Fault, invalidRequest, MAX_FAULTS } from '../kernel/errors.ts';
import { pointerTo } from '../kernel/pointer.ts';
import { fileMetaFaults } from './file-meta.ts';
import { type ParameterizedValue, parseParameters } from './header-parameters.ts';
import { checkAttachmentCount, createAttachmentBudget, type MultipartLimits } from './limits.ts';
import type { Part } from './multipart-parser.ts';
import { fieldName, fileName } from './part-names.ts';
import type { Spool, SpooledFile } from './spool.ts';
import { readText } from './text-part.ts';

/** What a multipart request holds. */
export interface Multipart {
  /** The text of the part `data`, exactly as sent. */
  readonly data: string;
  /** The parts `file` in their order. From here on they are the receiver's to remove. */
  readonly files: SpooledFile[];
}

/** Sorts the parts of one request into `data` and files, and says what is wrong with them. */
export interface PartCollector {
  /** Takes one part in. Rejects at once with what cannot wait (413, 503, the 20th fault); other faults are collected. */
  accept(part: Part): Promise<void>;
  /** The result, once all parts were accepted; throws a 400 with all faults. */
  finish(): Multipart;
  /** Removes every file taken in so far. */
  discard(): Promise<void>;
}

const LONGEST_NAME_SHOWN = 100;

// The deprecated encodings of RFC 7578, 4.7, that leave bytes as they are.
const IDENTITY_ENCODINGS = ['', '7bit', '8bit', 'binary'];

/** A collector for one request. A request with a fault is read to its end, but nothing more of it is stored. */
export function createPartCollector(spool: Spool, limits: MultipartLimits): PartCollector {
  const budget = createAttachmentBudget(limits, '/file');
  const faults: Fault[] = [];
  const files: SpooledFile[] = [];
  let fileCount = 0;
  let data: string | undefined;

  function fault(...found: Fault[]): void {
    faults.push(...found);
    if (faults.length >= MAX_FAULTS) throw invalidRequest(faults);
  }

  async function acceptData(part: Part): Promise<void> {
    if (data !== undefined) return fault({ pointer: '/data', message: 'only one part "data" is allowed' });
    const text = await readText(part.body, limits.dataBytes);
    data = text ?? '';
    if (text === null) fault({ pointer: '', message: 'the part "data" must be UTF-8' });
  }

  async function acceptFile(part: Part, disposition: ParameterizedValue): Promise<void> {
    const pointer = pointerTo('/file', fileCount);
    fileCount += 1;
    checkAttachmentCount(fileCount, limits, pointer);
    const name = fileName(disposition.parameters);
    if (name === null) return fault({ pointer, message: 'a file name must be UTF-8' });
    const meta = { name: name ?? '', contentType: part.headers.get('content-type') || null };
    const found = fileMetaFaults(meta, { name: pointer, contentType: pointer });
    if (found.length > 0) return fault(...found);
    if (faults.length === 0) files.push(await spool.write(meta, part.body, budget));
  }

  return {
    async accept(part) {
      const disposition = parseParameters(part.headers.get('content-disposition') ?? '');
      const name = disposition?.value === 'form-data' ? fieldName(disposition.parameters) : undefined;
      if (disposition === null || name === undefined || name === null) {
        const message = 'every part needs a well-formed header "Content-Disposition: form-data" with a UTF-8 name';
        return fault({ pointer: '', message });
      }
      const pointer = pointerTo('', shown(name));
      if (!IDENTITY_ENCODINGS.includes((part.headers.get('content-transfer-encoding') ?? '').toLowerCase())) {
        return fault({ pointer, message: 'a part must be sent as it is, without a Content-Transfer-Encoding' });
      }
      if (name === 'data') return acceptData(part);
      if (name === 'file') return acceptFile(part, disposition);
      fault({ pointer, message: 'unknown part: one part "data" and parts "file" are allowed' });
    },
    finish() {
      if (data === undefined) faults.push({ pointer: '/data', message: 'the part "data" is required' });
      if (data === undefined || faults.length > 0) throw invalidRequest(faults);
      return { data, files };
    },
    discard: () => spool.remove(files),
  };
}

function shown(name: string): string {
  return name
    .slice(0, LONGEST_NAME_SHOWN)
    .replaceAll(/\p{Cc}/gu, '\u{fffd}')
    .toWellFormed();
}
