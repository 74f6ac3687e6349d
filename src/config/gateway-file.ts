import Type, { type Static, type TObject, type TSchema } from 'typebox';
import type { Fault } from '../kernel/errors.ts';
import { compileSchema, type Validator } from '../kernel/validate.ts';
import { type Problems, pathOf } from './problems.ts';
import { parseYaml } from './yaml-text.ts';

/** The named entries of one section, as they stand in the file and not yet judged. */
export type Section = readonly (readonly [name: string, entry: unknown])[];

export interface GatewayFile {
  readonly streams: Section;
  readonly callers: Section;
  readonly accounts: Section;
}

const entries = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]);
const fileSchema = Type.Object(
  { streams: Type.Optional(entries), callers: Type.Optional(entries), accounts: Type.Optional(entries) },
  { additionalProperties: false },
);

/**
 * Splits the YAML file into its sections. An empty file, and a section without entries (all of them commented out),
 * are fine.
 */
export function readGatewayFile(text: string, fileName: string, problems: Problems): GatewayFile {
  const file = parseYaml(text, fileName, problems) ?? {};
  const known = compileSchema(fileSchema);
  if (!known.check(file)) addFaults(known, file, fileName, '', problems);
  return { streams: section(file, 'streams'), callers: section(file, 'callers'), accounts: section(file, 'accounts') };
}

function section(file: unknown, name: string): Section {
  const value: unknown = isRecord(file) && Object.hasOwn(file, name) ? file[name] : null;
  return isRecord(value) ? Object.entries(value) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members of an entry that are as their schema says; the others have become problems. */
export interface ReadEntry<S extends TObject> {
  readonly fields: Partial<Static<S>>;
  /** Whether this member was there and is left out of `fields`. */
  faulty(name: string): boolean;
}

/**
 * Judges entries by schemas that are compiled once each. What is right about an entry is handed on beside its faults,
 * so that one start also shows what does not fit together.
 */
export function createEntryReader(problems: Problems) {
  const compiled = new Map<TSchema, Validator>();
  return {
    read<S extends TObject>(schema: S, entry: unknown, path: string): ReadEntry<S> {
      const validator = compiled.get(schema) ?? compileSchema(schema);
      compiled.set(schema, validator);
      if (validator.check(entry)) return { fields: entry as Static<S>, faulty: () => false };

      const faults = addFaults(validator, entry, path, path, problems);
      if (!isRecord(entry)) return { fields: {}, faulty: () => true };
      const wrong = new Set(faults.map(({ pointer }) => pointer.split('/')[1]));
      const right = Object.entries(entry).filter(([name]) => !wrong.has(name));
      return {
        fields: Object.fromEntries(right) as Partial<Static<S>>,
        faulty: (name) => wrong.has(name) && Object.hasOwn(entry, name),
      };
    },
  };
}

export type EntryReader = ReturnType<typeof createEntryReader>;

function addFaults(validator: Validator, value: unknown, whole: string, path: string, problems: Problems): Fault[] {
  // Whoever mends a file wants to see all of them, and it is the operator's own.
  const faults = validator.faults(value, Number.POSITIVE_INFINITY);
  for (const { pointer, message } of faults) problems.add(pointer === '' ? whole : pathOf(path, pointer), message);
  return faults;
}
