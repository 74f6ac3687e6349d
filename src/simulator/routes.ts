import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AnswerWriter } from './answer.ts';
import type { Behaviour } from './behaviour.ts';
import type { ControlRoutes } from './control-routes.ts';
import { listObjects } from './listing.ts';
import type { ReceivedStore } from './received.ts';
import type { Send } from './send.ts';
import type { Refusal } from './verdict.ts';

export interface RouteDeps {
  readonly behaviour: Behaviour;
  readonly received: ReceivedStore;
  readonly answers: AnswerWriter;
  readonly control: ControlRoutes;
  readonly send: Send;
  afterLatency(response: ServerResponse, extraMs: number, task: () => void): void;
}

const objectsPath = /^\/streams\/([^/]+)\/objects$/;

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Everything the simulated CommBox answers. Paths are matched as they stand on the wire, still encoded. */
export function createRoutes({
  behaviour,
  received,
  answers,
  control,
  send,
  afterLatency,
}: RouteDeps): RequestListener {
  function refuseKey(request: IncomingMessage): Refusal | undefined {
    const { keys } = behaviour.settings();
    const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    return token !== undefined && (keys === null || keys.includes(token)) ? undefined : { status: 401 };
  }

  function refuseStream(streamId: string): Refusal | undefined {
    const { streams } = behaviour.settings();
    return streams === null || streams.includes(streamId) ? undefined : { status: 404 };
  }

  function answer(response: ServerResponse, refusal: Refusal | undefined, data?: string): void {
    const text = answers.envelope(refusal?.status ?? 200, {
      ...(refusal?.description === undefined ? {} : { description: refusal.description }),
      ...(data === undefined ? {} : { data }),
    });
    afterLatency(response, 0, () => answers.write(response, text));
  }

  function list(response: ServerResponse, streamId: string, query: URLSearchParams, refusal: Refusal | undefined) {
    if (refusal !== undefined) return answer(response, refusal);
    const { data, description } = listObjects(received.kept(), streamId, query, behaviour.settings().listIdKey);
    if (data === undefined) return answer(response, { status: 400, description });
    answer(response, undefined, data);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', queryText = ''] = (request.url ?? '').split('?', 2);
    const segment = objectsPath.exec(path)?.[1];
    const streamId = segment === undefined ? undefined : decodeSegment(segment);
    const refusal = refuseKey(request);
    if (streamId !== undefined && request.method === 'POST') {
      return send(request, response, streamId, refusal ?? refuseStream(streamId));
    }
    const query = new URLSearchParams(queryText);
    if (streamId !== undefined && request.method === 'GET') {
      return list(response, streamId, query, refusal ?? refuseStream(streamId));
    }
    if (path === '/core/systemstatus' && request.method === 'GET') return answer(response, refusal);
    const own = await control.handle(request, path, query);
    if (own === undefined) return answer(response, refusal ?? { status: 404 });
    answers.write(response, own);
  }

  return (request, response) => {
    route(request, response).catch((error: unknown) => {
      // A fault of the simulator itself must not pass for one of the simulated service.
      request.socket.destroy();
      throw error;
    });
  };
}
