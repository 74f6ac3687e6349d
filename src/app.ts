import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { channelNames } from './channels/channel.ts';
import { writeAnswers } from './http/answering.ts';
import { addAuthentication } from './http/auth.ts';
import { addJsonBodies } from './http/body.ts';
import { addClosing } from './http/closing.ts';
import { createDraftReader, type DraftOptions } from './http/draft.ts';
import { addFallbacks } from './http/fallbacks.ts';
import { addOverload, type OverloadSetup } from './http/overload-setup.ts';
import { addShedding, withShedding } from './http/overload-shedding.ts';
import { createRepeats } from './http/repeats.ts';
import { addRequestHooks } from './http/request-hooks.ts';
import { addBatchRoute } from './http/routes/batch.ts';
import { addChannelRoutes, type ChannelRouteOptions } from './http/routes/channels.ts';
import { addDocsRoutes } from './http/routes/docs.ts';
import { addDropInRoute, type DropInOptions } from './http/routes/drop-in.ts';
import { addHealthRoutes, type ReadinessCheck } from './http/routes/health.ts';
import { addMeRoute } from './http/routes/me.ts';
import { addMessageActions, type MessageActionOptions } from './http/routes/message-actions.ts';
import { addMessageRoutes } from './http/routes/messages.ts';
import { addMetricsRoute } from './http/routes/metrics.ts';
import { addOpenapiRoute } from './http/routes/openapi.ts';
import { addPacingRoutes, type PacingRouteOptions } from './http/routes/pacing.ts';
import { addResendRoute } from './http/routes/resend.ts';
import { createSender, type SendingOptions } from './http/sending.ts';
import { createServer, type ServerOptions } from './http/server.ts';
import { refuseUnreadInput } from './http/unread-input.ts';
import type { Log } from './observability/log.ts';
import type { Scrape } from './observability/metrics.ts';
import type { RequestObserver } from './observability/request-metrics.ts';

export type AppOptions = ServerOptions &
  OverloadSetup &
  DraftOptions &
  Omit<SendingOptions, Made> &
  Omit<ChannelRouteOptions, Made> &
  Omit<DropInOptions, Made> &
  Omit<MessageActionOptions, Made> &
  PacingRouteOptions & {
    readonly log: Log;
    readonly readiness: ReadinessCheck;
    /** Absent: nothing is counted. `scrape` is null where the metrics have a listener of their own. */
    readonly metrics?: {
      readonly requestEnded: RequestObserver;
      readonly scrape: (() => Promise<Scrape>) | null;
    };
  };

/** What `buildApp` makes itself, from the rest. */
type Made = 'readDraft' | 'send' | 'repeats';

/** The HTTP side of the gateway, ready to listen. Does no I/O and reads no environment. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { log } = options;
  const app = createServer({ ...options, onRefused: (refused) => log.info({ ...refused }, 'refused') });
  addFallbacks(app, options.clock);
  addRequestHooks(app, { log, requestEnded: options.metrics?.requestEnded ?? (() => {}) });
  addClosing(app, options.clock);
  const overload = await addOverload(app, options);
  addJsonBodies(app);
  addHealthRoutes(app, options.readiness);
  addOpenapiRoute(app);
  addDocsRoutes(app);

  // The plugin is left off every route; the authenticated scope calls it where a caller has a limit.
  await app.register(rateLimit, { global: false, enableDraftSpec: true });

  await app.register(async (scope) => {
    addAuthentication(scope, options);
    writeAnswers(scope);
    refuseUnreadInput(scope);
    addShedding(scope, overload, options.directory);
    const repeats = createRepeats(options);
    const send = createSender({ ...options, repeats });
    const made = { ...options, repeats, send, readDraft: withShedding(createDraftReader(options), overload) };

    for (const channel of channelNames.filter((name) => name !== 'email')) addChannelRoutes(scope, channel, made);
    addMessageRoutes(scope, made);
    addMessageActions(scope, made);
    addBatchRoute(scope, made);
    addResendRoute(scope, made);
    addPacingRoutes(scope, made);
    addMeRoute(scope, options.directory);
    if (options.metrics?.scrape != null) addMetricsRoute(scope, options.metrics.scrape);

    // Only these two take files, so only they carry the cost of multipart's hooks. They are apart because the drop-in
    // door words its errors for readers of CommBox's envelopes.
    await scope.register(async (withFiles) => {
      await withFiles.register(multipart);
      addChannelRoutes(withFiles, 'email', made);
    });
    await scope.register(async (withFiles) => {
      await withFiles.register(multipart);
      addDropInRoute(withFiles, made);
    });
  });
  return app;
}
