import type { Simulator } from '../../src/simulator/server.ts';

/** What CommBox has of each text. */
export interface UpstreamRecord {
  /** Ids of the objects with this text, in the order of their making. */
  objects(text: string): readonly string[];
  /** Whether a call with this text reached CommBox whole and ended without a clear answer. */
  wasUnclear(text: string): boolean;
}

/** Reads what the simulator received. It must keep every call. */
export function readUpstream(simulator: Simulator): UpstreamRecord {
  const objects = new Map<string, string[]>();
  const unclear = new Set<string>();
  for (const { headers, objectId, status, aborted } of simulator.received()) {
    const text = headers['x-request-id'] ?? '';
    if (objectId !== null) objects.set(text, [...(objects.get(text) ?? []), objectId]);
    if (!aborted && (status === null || status >= 500)) unclear.add(text);
  }
  return { objects: (text) => objects.get(text) ?? [], wasUnclear: (text) => unclear.has(text) };
}
