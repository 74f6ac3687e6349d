import { type Fault, MAX_FAULTS } from './errors.ts';
import { isLargeNumber, LARGE_NUMBER } from './exact-json.ts';
import { expectationOf, satisfiesFormat } from './formats.ts';
import { codePoints, type JsonSchema, jsonType, matchesType, nameOfType, typesOf } from './json-schema.ts';
import { nearest } from './nearest.ts';
import { pointerTo } from './pointer.ts';

// A longer member name would make an answer as large as the request.
const LONGEST_NAME = 100;

/** As many faults as are asked for, and no more. */
class Faults {
  readonly list: Fault[] = [];
  readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  add(fault: Fault): void {
    if (!this.areFull) this.list.push(fault);
  }

  get areFull(): boolean {
    return this.list.length >= this.most;
  }
}

/**
 * What is wrong with a value, in the caller's terms: at most `most` faults, after which the walk stops, so that a body
 * of a million mistakes costs no more than one of twenty. Never quotes a value; a pointer names members.
 */
export function schemaFaults(schema: JsonSchema, value: unknown, pointer = '', most = MAX_FAULTS): Fault[] {
  const faults = new Faults(most);
  visit(schema, value, pointer, faults);
  return faults.list;
}

function visit(schema: JsonSchema, value: unknown, pointer: string, faults: Faults): void {
  if (faults.areFull) return;
  const add = (message: string) => faults.add({ pointer, message });
  if (schema.anyOf !== undefined) {
    visitUnion(schema.anyOf, value, pointer, faults);
    return;
  }
  const literals = literalsOf(schema);
  if (literals !== undefined) {
    if (!literals.includes(value)) add(oneOf(literals));
    return;
  }
  if (schema.type !== undefined && !matchesType(schema.type, value)) {
    add(isLargeNumber(value) && schema.type !== 'string' ? LARGE_NUMBER : `must be ${nameOfType(schema.type)}`);
    return;
  }
  if (typeof value === 'string') visitString(schema, value, add);
  else if (typeof value === 'number') visitNumber(schema, value, add);
  else if (Array.isArray(value)) visitList(schema, value, pointer, faults);
  else if (jsonType(value) === 'object') visitObject(schema, value as Record<string, unknown>, pointer, faults);
}

function visitString(schema: JsonSchema, value: string, add: (message: string) => void): void {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, format, pattern } = schema;
  const length = codePoints(value);
  if (length < minLength) add(minLength === 1 ? 'must not be empty' : `must be at least ${minLength} characters`);
  if (length > maxLength) add(`must be at most ${maxLength} characters`);
  if (format !== undefined && !satisfiesFormat(format, value)) add(`must ${expectationOf(format) ?? `be a ${format}`}`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    add(schema.expected ?? `must match ${String(pattern)}`);
  }
}

function visitNumber(schema: JsonSchema, value: number, add: (message: string) => void): void {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (value >= minimum && value <= maximum) return;
  if (isLargeNumber(value)) add(LARGE_NUMBER);
  else add(value < minimum ? `must be at least ${minimum}` : `must be at most ${maximum}`);
}

function visitList(schema: JsonSchema, value: readonly unknown[], pointer: string, faults: Faults): void {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
  if (value.length > maxItems) {
    faults.add({ pointer, message: `must have at most ${maxItems} items` });
    return;
  }
  if (value.length < minItems) {
    faults.add({
      pointer,
      message: minItems === 1 ? 'must not be an empty list' : `must have at least ${minItems} items`,
    });
  }
  if (items === undefined) return;
  for (let index = 0; index < value.length && !faults.areFull; index++) {
    visit(items, value[index], pointerTo(pointer, index), faults);
  }
}

function visitObject(schema: JsonSchema, value: Record<string, unknown>, pointer: string, faults: Faults): void {
  const properties = schema.properties ?? {};
  for (const name of schema.required ?? []) {
    if (faults.areFull) return;
    if (!Object.hasOwn(value, name)) faults.add({ pointer: pointerTo(pointer, name), message: 'is required' });
  }
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(value, name)) visit(property, value[name], pointerTo(pointer, name), faults);
  }
  if (schema.patternProperties === undefined && (schema.additionalProperties ?? true) === true) return;
  for (const name in value) {
    if (faults.areFull) return;
    if (!Object.hasOwn(properties, name)) visitOther(schema, name, value[name], pointer, faults);
  }
}

function visitOther(schema: JsonSchema, name: string, value: unknown, parent: string, faults: Faults): void {
  const { additionalProperties = true, patternProperties = {} } = schema;
  const pointer = name.length > LONGEST_NAME ? parent : pointerTo(parent, name);
  let matched = false;
  for (const [pattern, member] of Object.entries(patternProperties)) {
    if (!new RegExp(pattern, 'u').test(name)) continue;
    matched = true;
    visit(member, value, pointer, faults);
  }
  if (matched || additionalProperties === true) return;
  if (additionalProperties !== false) {
    visit(additionalProperties, value, pointer, faults);
    return;
  }
  const known = Object.keys(schema.properties ?? {});
  const close = nearest(name, known);
  const hint =
    close === undefined ? `allowed: ${known.join(', ')}` : `did you mean ${close}? Allowed: ${known.join(', ')}`;
  const subject = pointer === parent ? 'has a member that is not a known field' : 'is not a known field';
  faults.add({ pointer, message: `${subject}; ${known.length > 0 ? hint : 'none is allowed here'}` });
}

// The branch is chosen by the JSON type of the value, so that a wrong item of a list is reported, not "no branch fits".
function visitUnion(branches: readonly JsonSchema[], value: unknown, pointer: string, faults: Faults): void {
  const type = jsonType(value);
  const fitting = branches.filter((branch) => typesOf(branch).some((name) => name === 'any' || name === type));
  const attempts = fitting.map((branch) => schemaFaults(branch, value, pointer, faults.most));
  if (attempts.some((attempt) => attempt.length === 0)) return;
  const structured = attempts.filter((_, index) => literalsOf(fitting[index] ?? {}) === undefined);
  const [best] = structured.sort((one, other) => one.length - other.length);
  const literals = branches.flatMap((branch) => literalsOf(branch) ?? []);
  const message = literals.length > 0 ? oneOf(literals) : `must be ${typeNames(branches)}`;
  for (const fault of best ?? [{ pointer, message }]) faults.add(fault);
}

function typeNames(branches: readonly JsonSchema[]): string {
  return [...new Set(branches.flatMap(typeNamesOf))].join(' or ');
}

function typeNamesOf(schema: JsonSchema): readonly string[] {
  return schema.anyOf?.flatMap(typeNamesOf) ?? [nameOfType(schema.type ?? 'any')];
}

function literalsOf(schema: JsonSchema): readonly unknown[] | undefined {
  return schema.enum ?? ('const' in schema ? [schema.const] : undefined);
}

function oneOf(literals: readonly unknown[]): string {
  const [only] = literals;
  return literals.length === 1 ? `must be ${String(only)}` : `must be one of: ${literals.join(', ')}`;
}
