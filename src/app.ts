import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { channelNames } from './channels/channel.ts';
import { addAuthentication } from './http/auth.ts';
import { addJsonBodies } from './http/body.ts';
import { createDraftReader, type DraftOptions } from './http/draft.ts';
import { addFallbacks } from './http/fallbacks.ts';
import { addRequestHooks } from './http/request-hooks.ts';
import { addChannelRoutes, type ChannelRouteOptions } from './http/routes/channels.ts';
import { addDropInRoute } from './http/routes/drop-in.ts';
import { addHealthRoutes, type ReadinessCheck } from './http/routes/health.ts';
import { createServer, type ServerOptions } from './http/server.ts';
import type { Log } from './observability/log.ts';

export type AppOptions = ServerOptions &
  DraftOptions &
  Omit<ChannelRouteOptions, 'readDraft'> & { readonly log: Log; readonly notReady: ReadinessCheck };

/** The HTTP side of the gateway, ready to listen. Does no I/O and reads no environment. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = createServer(options);
  addFallbacks(app);
  addRequestHooks(app, options.log);
  addJsonBodies(app);
  addHealthRoutes(app, options.notReady);

  // The plugin is left off every route; the authenticated scope calls it where a caller has a limit.
  await app.register(rateLimit, { global: false, enableDraftSpec: true });

  await app.register(async (sending) => {
    addAuthentication(sending, options.directory);
    const readDraft = createDraftReader(options);

    const plain = channelNames.filter((channel) => channel !== 'email');
    for (const channel of plain) addChannelRoutes(sending, channel, { ...options, readDraft });

    // Only these two take files, so only they carry the cost of multipart's hooks.
    await sending.register(async (scope) => {
      await scope.register(multipart);
      addChannelRoutes(scope, 'email', { ...options, readDraft });
    });
    await sending.register(async (scope) => {
      await scope.register(multipart);
      addDropInRoute(scope, options);
    });
  });
  return app;
}
