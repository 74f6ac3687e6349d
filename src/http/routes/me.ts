import type { FastifyInstance } from 'fastify';
import { mayUseChannel } from '../../access/caller.ts';
import type { Directory } from '../../access/directory.ts';
import { isHigher } from '../../access/lane.ts';
import { aliasesOf } from '../../access/streams.ts';
import { channelNames, lanes } from '../../channels/channel.ts';
import { jsonAnswer } from '../answer.ts';
import { callerOf } from '../auth.ts';

/** `GET /v1/me`: what the caller may do. Needs an authenticated scope. */
export function addMeRoute(app: FastifyInstance, directory: Directory): void {
  app.get('/v1/me', async (request) => {
    const caller = callerOf(request);
    const channels = channelNames.filter((channel) => mayUseChannel(caller, channel));
    return jsonAnswer({
      caller: caller.name,
      admin: caller.admin,
      channels: mayUseChannel(caller, 'raw') ? [...channels, 'raw'] : channels,
      streams: channels.flatMap((channel) =>
        aliasesOf(directory, caller, channel).map((alias) => ({ alias, channel })),
      ),
      rawIds: caller.rawIds,
      lanes: lanes.filter((lane) => !isHigher(lane, caller.highestLane)),
      defaultLane: caller.defaultLane,
      weight: caller.weight,
      criticalShare: caller.criticalShare,
      rateLimit: caller.rateLimit,
    });
  });
}
