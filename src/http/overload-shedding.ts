import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import { mayUseAlias } from '../access/caller.ts';
import type { Directory } from '../access/directory.ts';
import { resolveLane } from '../access/lane.ts';
import { resolveRawId } from '../access/streams.ts';
import { channelNames, lanes } from '../channels/channel.ts';
import { callerOf } from './auth.ts';
import type { DraftReader } from './draft.ts';
import type { Overload } from './overload.ts';

const DROP_IN = '/streams/:streamId/objects';
/** Where a message's lane is known once its body is read. */
const BY_BODY: ReadonlySet<string> = new Set(['/v1/messages', ...channelNames.map((channel) => `/v1/${channel}`)]);

/**
 * Turns away, while it is `busy`, what is certainly not critical, as soon as that is known: before the body is read,
 * unless this caller's body may say `critical`. Needs an authenticated scope.
 */
export function addShedding(app: FastifyInstance, overload: Overload, directory: Directory): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (overload.load() !== 'busy' || mayStay(request, directory)) return done();
    done(overload.refusal());
  });
}

/** The same reader, which turns away what it found not to be critical, while that is all there is room for. */
export function withShedding(read: DraftReader, overload: Overload): DraftReader {
  return (caller, channel, body, preferences) => {
    const found = read(caller, channel, body, preferences);
    if (found.draft.lane !== 'critical' && overload.load() === 'busy') throw overload.refusal();
    return found;
  };
}

function mayStay(request: FastifyRequest, directory: Directory): boolean {
  const caller = callerOf(request);
  const { url = '' } = request.routeOptions;
  if (request.method === 'POST' && BY_BODY.has(url)) return mayBeCritical(caller, directory);
  if (url === DROP_IN) return isCriticalAtTheDoor(request, caller, directory);
  return caller.admin;
}

/** Whether any message of this caller may be critical: by its own right, or by the operator's choice for a stream. */
function mayBeCritical(caller: Caller, directory: Directory): boolean {
  if (caller.highestLane === 'critical') return true;
  return directory.snapshot().streams.some(({ alias, lane }) => lane === 'critical' && mayUseAlias(caller, alias));
}

/** The drop-in door names stream and lane outside of the body. What is wrong with them is for the route to say. */
function isCriticalAtTheDoor(request: FastifyRequest, caller: Caller, directory: Directory): boolean {
  const { streamId } = request.params as { streamId: string };
  const asked = lanes.find((lane) => lane === request.headers['gateway-lane']);
  try {
    return resolveLane(caller, resolveRawId(directory, caller, streamId), asked) === 'critical';
  } catch {
    return false;
  }
}
