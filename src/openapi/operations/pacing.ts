import type { ErrorResponses } from '../error-responses.ts';
import { parameterRefs } from '../parameters.ts';
import type { Parameter, Route } from '../types.ts';
import { answer, json } from './answers.ts';
import { BODY, STORED } from './codes.ts';

const account: Parameter = {
  name: 'account',
  in: 'path',
  required: true,
  description: 'Name of the account in the configuration; `default` for the one of the environment.',
  schema: { type: 'string' },
};

const open = {
  ...{ account: 'default', state: 'open', cause: null, pausedUntil: null, pausedSince: null },
  ...{ rate: 12.5, share: 1, burst: 4, inFlight: 3, inFlightLimit: 32 },
  backlog: [
    { lane: 'critical', queued: 0, oldestAt: null, callers: [] },
    { lane: 'normal', queued: 0, oldestAt: null, callers: [] },
    {
      lane: 'bulk',
      queued: 4711,
      oldestAt: '2026-11-22T13:31:53.096Z',
      callers: [{ caller: 'billing', queued: 4711 }],
    },
  ],
  stops: [],
};
const stopped = { ...open, stops: [{ lane: 'bulk', caller: null, since: '2026-11-22T13:40:00.000Z' }] };

/** How fast messages go, and the operators' stop button. */
export function pacingRoutes(errors: ErrorResponses): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/pacing',
      operation: {
        operationId: 'getPacing',
        tags: ['Pacing'],
        summary: 'How fast messages go, and what holds them',
        description: 'For admins.',
        parameters: parameterRefs(),
        responses: {
          '200': answer('Every account.', json('Pacing', { one: { value: { accounts: [stopped] } } })),
          ...errors.of(['forbidden', ...STORED]),
        },
      },
    },
    steer(errors, 'pause', 'Stop', 'What is in flight ends; what waits keeps waiting.', stopped),
    steer(errors, 'resume', 'Lift a stop', 'Names the same lane and caller as the stop.', open),
  ];
}

function steer(errors: ErrorResponses, action: string, summary: string, how: string, value: object): Route {
  return {
    method: 'post',
    path: `/v1/pacing/{account}/${action}`,
    operation: {
      operationId: `${action}Account`,
      tags: ['Pacing'],
      summary: `${summary}: an account, one lane or one caller of it`,
      description: `For admins. ${how} Without a body, the whole account is meant.`,
      parameters: [account, ...parameterRefs()],
      requestBody: {
        required: false,
        content: json('PacingStop', { bulk: { summary: 'Only one lane', value: { lane: 'bulk' } } }),
      },
      responses: {
        '200': answer('How the account stands now.', json('AccountPacing', { after: { value } })),
        ...errors.of([...BODY, 'forbidden', 'not_found', ...STORED]),
      },
    },
  };
}
