import type { Failure } from './failures.ts';
import type { OperationName } from './operations.ts';

/** One operation by name, as it crosses between threads. */
export interface Call {
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type CallResult = { readonly value: unknown } | { readonly failure: Failure };
