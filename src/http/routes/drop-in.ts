import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Allowlist } from '../../access/allowlist.ts';
import type { Caller } from '../../access/caller.ts';
import type { Directory } from '../../access/directory.ts';
import { resolveLane } from '../../access/lane.ts';
import { type ResolvedStream, resolveRawId } from '../../access/streams.ts';
import type { MultipartLimits } from '../../attachments/limits.ts';
import { receiveMultipart } from '../../attachments/multipart.ts';
import type { Spool, SpooledFile } from '../../attachments/spool.ts';
import { type Lane, lanes } from '../../channels/channel.ts';
import { checkRawObject, namesRecipients, rawRecipients, rawSendsToClient } from '../../channels/raw.ts';
import type { Fingerprinter } from '../../delivery/fingerprint.ts';
import type { Payload } from '../../delivery/payload.ts';
import type { Clock } from '../../kernel/clock.ts';
import { type Fault, invalidRequest, MAX_FAULTS } from '../../kernel/errors.ts';
import { MAX_DEPTH, mayRepeatMembers } from '../../kernel/exact-json.ts';
import { eachRepeatedMember, type JsonPath, repeatedMember } from '../../kernel/json-members.ts';
import { callerOf } from '../auth.ts';
import { textOf, withoutMark } from '../body.ts';
import { placeOf } from '../draft.ts';
import { createDropInAnswers } from '../drop-in-answer.ts';
import { type HeldFiles, holdFiles } from '../held-files.ts';
import { claimOf } from '../keyed.ts';
import { parsePrefer } from '../prefer.ts';
import type { Repeats } from '../repeats.ts';
import type { Sender } from '../sending.ts';

export interface DropInOptions {
  readonly directory: Directory;
  readonly allowlist: Allowlist;
  readonly send: Sender;
  readonly repeats: Repeats;
  readonly fingerprinter: Fingerprinter;
  readonly spool: Spool;
  readonly limits: MultipartLimits;
  readonly clock: Clock;
  readonly syncWaitMs: number;
  readonly defaultTtlHours: number;
}

const ROUTE = '/streams/:streamId/objects';
const HOUR_MS = 3_600_000;
const DATA_TWICE = 'must be given once: another member has the same name but for its case';

interface Place {
  readonly stream: ResolvedStream;
  readonly lane: Lane;
}

/** What came in. */
interface Incoming {
  readonly text: string;
  readonly held: HeldFiles;
}

/** The same, read. */
interface Received {
  readonly text: string;
  readonly data: unknown;
  readonly pointer: string;
  readonly payload: Payload;
}

/**
 * CommBox's own endpoint, for services that already speak to CommBox: they change their base URL and their key. What
 * comes in is checked as far as CommBox documents it, and goes on as it came; so does CommBox's answer.
 */
export function addDropInRoute(app: FastifyInstance, options: DropInOptions): void {
  const { directory, spool, limits, clock } = options;
  const answers = createDropInAnswers(clock);

  app.post<{ Params: { streamId: string } }>(ROUTE, async (request, reply) => {
    const caller = callerOf(request);
    const { streamId } = request.params;
    const preferences = parsePrefer(request.headers.prefer);
    const place = placeFor(request, caller, streamId);
    // Only with a key can it be a repeat, and that shows when all of it is there.
    if ('error' in place && request.headers['idempotency-key'] === undefined) throw place.error;
    const { text, held } = request.isMultipart() ? await receive(request) : fromBody(request);
    const { files } = held;
    try {
      const { data, pointer, payload } = read(request, text, files, !options.allowlist.isOpen);
      const key = claimOf(request, options.fingerprinter, {
        route: ROUTE,
        jsonText: withoutMark(text),
        streamId,
        files,
      });
      const error = 'error' in place ? place.error : faultOf(data, pointer);
      if ('error' in place || error !== null) {
        const again = await options.repeats.find(reply, { key, preferences, render: answers.ended });
        if (again === null) throw error;
        return answers.accepted(again);
      }
      const { stream, lane } = place;
      const now = clock.now();
      const answer = await options.send(request, reply, {
        draft: {
          ...placeOf(caller, stream, lane),
          mode: preferences.respondAsync ? 'async' : 'sync',
          payload,
          sendsToClient: rawSendsToClient(data),
          reference: null,
          sendAt: null,
          expiresAt: now + (stream.ttlHours ?? options.defaultTtlHours) * HOUR_MS,
          onUnknown: 'hold',
          patienceEndsAt: preferences.respondAsync
            ? Number.POSITIVE_INFINITY
            : now + (preferences.waitMs ?? options.syncWaitMs),
          requestId: request.id,
          traceparent: request.traceparent,
          resendOf: null,
          keepsRawAnswer: true,
        },
        key,
        preferences,
        render: answers.ended,
        taken: held.taken,
      });
      return answers.accepted(answer);
    } finally {
      if (files.length > 0) await held.letGo();
    }
  });

  function placeFor(request: FastifyRequest, caller: Caller, streamId: string): Place | { readonly error: unknown } {
    try {
      const stream = resolveRawId(directory, caller, streamId);
      return { stream, lane: resolveLane(caller, stream, laneOf(request), 'Gateway-Lane') };
    } catch (error) {
      return { error };
    }
  }

  function faultOf(data: unknown, pointer: string): unknown {
    try {
      const faults = checkRawObject(data, pointer);
      if (faults.length > 0) return invalidRequest(faults.slice(0, MAX_FAULTS));
      options.allowlist.check(rawRecipients(data));
      return null;
    } catch (error) {
      return error;
    }
  }

  const fromBody = (request: FastifyRequest): Incoming => ({ text: textOf(request.body), held: holdFiles(spool, []) });

  async function receive(request: FastifyRequest): Promise<Incoming> {
    const { data, files } = await receiveMultipart(request, { spool, limits, clock });
    return { text: data, held: holdFiles(spool, [...files]) };
  }
}

/** @param isChecked whether it matters who could be reached */
function read(request: FastifyRequest, text: string, files: readonly SpooledFile[], isChecked: boolean): Received {
  if (request.isMultipart()) {
    const data = parseObject(withoutMark(text), isChecked ? namesRecipients : null);
    return { text, data, pointer: '', payload: { kind: 'multipart', data: text, files } };
  }
  const inData = ([outer, ...path]: JsonPath) => outer === 'data' && (path.length === 0 || namesRecipients(path));
  const body = parseObject(text, isChecked ? inData : null);
  if (isChecked && hasAnotherData(body)) throw invalidRequest([{ pointer: '/data', message: DATA_TWICE }]);
  const { data } = body;
  return { text, data, pointer: '/data', payload: { kind: 'json', body: request.body as Buffer } };
}

/** Readers of .NET may take `Data` for `data`, and the allow-list would have looked at the wrong one. */
function hasAnotherData(body: Record<string, unknown>): boolean {
  return Object.keys(body).some((name) => name !== 'data' && name.toLowerCase() === 'data');
}

// Digits are not at stake here: what is parsed is only looked at, and the bytes go on. So do members that are there
// twice, but for those that must be there `once`.
function parseObject(text: string, once: ((path: JsonPath) => boolean) | null): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest([{ pointer: '', message: 'is not valid JSON' }]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest([{ pointer: '', message: 'must be a JSON object' }]);
  }
  const faults: Fault[] = [];
  if (once !== null && mayRepeatMembers(text, value)) {
    eachRepeatedMember(text, MAX_DEPTH, (path) => !once(path) || faults.push(repeatedMember(path)) < MAX_FAULTS);
  }
  if (faults.length > 0) throw invalidRequest(faults);
  return value as Record<string, unknown>;
}

function laneOf(request: FastifyRequest): Lane | undefined {
  const given = request.headers['gateway-lane'];
  if (given === undefined) return undefined;
  const lane = lanes.find((name) => name === given);
  if (lane !== undefined) return lane;
  throw invalidRequest([{ pointer: '', message: `the header Gateway-Lane must be one of: ${lanes.join(', ')}` }]);
}
