import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Directory } from '../../access/directory.ts';
import { type Lane, lanes } from '../../channels/channel.ts';
import type { AccountPacing, PacingDesk } from '../../delivery/pacing-desk.ts';
import { GatewayError, invalidRequest } from '../../kernel/errors.ts';
import { parseExact } from '../../kernel/exact-json.ts';
import { traceIdOf } from '../../kernel/trace-id.ts';
import { compileSchema } from '../../kernel/validate.ts';
import type { Log } from '../../observability/log.ts';
import type { Pause } from '../../store/flows.ts';
import { isoTime, jsonAnswer } from '../answer.ts';
import { callerOf } from '../auth.ts';
import { textOf } from '../body.ts';

export interface PacingRouteOptions {
  readonly desk: PacingDesk;
  readonly directory: Pick<Directory, 'caller'>;
  /** For the audit line of every stop and start. */
  readonly log: Log;
}

/** The body of `pause` and `resume`; without members, or without a body, the whole account is meant. */
export const stopSchema = Type.Object(
  {
    lane: Type.Optional(Type.Unsafe<Lane>({ enum: [...lanes], description: 'Only this lane. Default: all.' })),
    caller: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Only this caller. Default: all.' }),
    ),
  },
  { additionalProperties: false },
);
const stopBody = compileSchema(stopSchema);

/** How fast messages go, and the operators' stop button. For admins. Needs an authenticated scope. */
export function addPacingRoutes(app: FastifyInstance, options: PacingRouteOptions): void {
  const { desk, log } = options;

  app.get('/v1/pacing', async (request) => {
    requireAdmin(request);
    return jsonAnswer({ accounts: (await desk.view()).map(pacingView) });
  });

  for (const action of ['pause', 'resume'] as const) {
    app.post<{ Params: { account: string } }>(`/v1/pacing/:account/${action}`, async (request) => {
      const caller = requireAdmin(request);
      const { account } = request.params;
      if (!desk.hasAccount(account)) throw new GatewayError('not_found', 'There is no account of this name.');
      const stop = { account, ...readStop(request) };
      await requireCaller(stop.caller, options);
      const isChanged = await desk.set(stop, action === 'pause');
      log.warn(
        {
          audit: action,
          by: caller,
          ...stop,
          isChanged,
          requestId: request.id,
          traceId: traceIdOf(request.traceparent),
        },
        'pacing changed by hand',
      );
      const view = (await desk.view()).find((each) => each.account === account);
      return jsonAnswer(view === undefined ? {} : pacingView(view));
    });
  }
}

function requireAdmin(request: FastifyRequest): string {
  const caller = callerOf(request);
  if (!caller.admin) throw new GatewayError('forbidden', 'Only a caller with admin: true may see and steer the pace.');
  return caller.name;
}

/** What is no caller may be anything, and this one is logged and kept. A former caller's stop can still be lifted. */
async function requireCaller(name: string | null, { desk, directory }: PacingRouteOptions): Promise<void> {
  if (name === null || directory.caller(name) !== null) return;
  const views = await desk.view();
  if (views.some(({ stops }) => stops.some(({ caller }) => caller === name))) return;
  throw invalidRequest([{ pointer: '/caller', message: 'must be the name of a configured caller' }]);
}

function readStop(request: FastifyRequest): Pick<Pause, 'lane' | 'caller'> {
  const isEmpty = !Buffer.isBuffer(request.body) || request.body.length === 0;
  const body = isEmpty ? {} : parseExact(textOf(request.body));
  if (!stopBody.check(body)) throw invalidRequest(stopBody.faults(body));
  const { lane = null, caller = null } = body as { lane?: Lane; caller?: string };
  return { lane, caller };
}

/** An account as operators see it. Rates are messages per second. */
export function pacingView({ account, pacer, isHeld, backlog, stops }: AccountPacing) {
  return {
    account,
    state: isHeld ? 'credentials' : pacer.state,
    cause: isHeld ? 'credentials' : pacer.cause,
    pausedUntil: isoTime(pacer.pausedUntil),
    pausedSince: isoTime(pacer.closedAt),
    rate: pacer.rate === null ? null : rounded(pacer.rate),
    share: pacer.share,
    burst: pacer.burst,
    inFlight: pacer.inFlight,
    inFlightLimit: pacer.inFlightLimit,
    backlog: backlog.map(({ oldestAt, ...lane }) => ({ ...lane, oldestAt: isoTime(oldestAt) })),
    stops: stops.map(({ lane, caller, since }) => ({ lane, caller, since: isoTime(since) })),
  };
}

const rounded = (rate: number) => Math.round(rate * 1_000) / 1_000;
