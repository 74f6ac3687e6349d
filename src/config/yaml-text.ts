import { type Document, isScalar, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import { pointerTo } from '../kernel/pointer.ts';
import { type Problems, pathOf } from './problems.ts';

const PLAIN_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
// More anchors than this in use is an attack or a mistake (the library's own default).
const MOST_ALIASES = 100;

// The library's messages quote the text at the place, which may be a key; these do not.
const MISTAKES: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'the key stands here for the second time in this mapping',
  BAD_INDENT: 'the indentation does not fit',
  TAB_AS_INDENT: 'a tab indents this line; allowed: spaces',
  MULTIPLE_DOCS: 'a second document starts here; allowed: one',
  NON_STRING_KEY: 'the key is no text',
  TAG_RESOLVE_FAILED: 'the tag is not known; allowed: no tags',
  BAD_ALIAS: 'the alias has no anchor',
  MISSING_CHAR: 'a character such as a colon, comma, quote or bracket is missing',
};

/**
 * Reads YAML 1.2, core schema, strictly: a repeated key, a tag, or a number in another form than plain decimal is a
 * problem, since each can silently mean something else than what it looks like. Problems give line and column, and
 * never the text there. An empty document is null.
 */
export function parseYaml(text: string, fileName: string, problems: Problems): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    stringKeys: true,
    intAsBigInt: true,
    prettyErrors: false,
    lineCounter: lines,
    resolveKnownTags: false,
    // `silent` would let a second document pass.
    logLevel: 'error',
  });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    problems.add(at(pos[0]), MISTAKES[code] ?? `is not valid YAML (${code})`);
  }
  if (document.errors.length > 0) return null;
  reportOddNumbers(document, (offset) =>
    problems.add(at(offset), 'write the number in plain decimal digits, or quote it'),
  );
  return plainValue(document, fileName, problems);
}

function reportOddNumbers(document: Document.Parsed, report: (offset: number) => void): void {
  visit(document, {
    Scalar(_key, node) {
      const numeric = typeof node.value === 'bigint' || typeof node.value === 'number';
      if (numeric && isScalar(node) && !PLAIN_NUMBER.test(node.source ?? '')) report(node.range?.[0] ?? 0);
    },
  });
}

function plainValue(document: Document.Parsed, fileName: string, problems: Problems): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    problems.add(fileName, `an alias has no anchor, or there are too many; allowed: ${MOST_ALIASES} uses of an anchor`);
    return null;
  }
  return withNumbers(value, '', problems);
}

// Integers are read exactly and become numbers only where a number holds them.
function withNumbers(value: unknown, pointer: string, problems: Problems): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      problems.add(pathOf('', pointer), 'is too large for a number; write it as a string');
    return number;
  }
  if (Array.isArray(value)) return value.map((item, index) => withNumbers(item, pointerTo(pointer, index), problems));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withNumbers(member, pointerTo(pointer, name), problems)]),
  );
}
