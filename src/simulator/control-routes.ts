import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Behaviour } from './behaviour.ts';
import { parseControl, type Settings } from './control.ts';
import type { ReceivedStore } from './received.ts';
import { type ReceivedFilter, showCalls } from './received-view.ts';

/** An answer of the simulator's own routes: plain JSON, no envelope. */
export interface ControlAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ControlRoutes {
  /** Answers `/_control`, `/_reset` and `/_received`; undefined for every other route. Asks for no key. */
  handle(request: IncomingMessage, path: string, query: URLSearchParams): Promise<ControlAnswer> | undefined;
}

const toAnswer = (value: unknown, status = 200): ControlAnswer => ({ status, text: JSON.stringify(value) });

function showSettings({ keys, ...settings }: Settings): unknown {
  return { keys: keys?.map((key) => `sha256:${hash('sha256', key).slice(0, 12)}`) ?? null, ...settings };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch {
    return undefined;
  }
}

function parseFilter(query: URLSearchParams): ReceivedFilter | string {
  const streamId = query.get('streamId');
  const outcome = query.get('outcome');
  const limit = query.get('limit');
  if (outcome !== null && outcome !== 'recorded' && outcome !== 'refused') return 'outcome: recorded or refused';
  if (limit !== null && !/^\d{1,9}$/.test(limit)) return 'limit: a whole number';
  return {
    ...(streamId === null ? {} : { streamId }),
    ...(outcome === null ? {} : { outcome }),
    ...(limit === null ? {} : { limit: Number(limit) }),
  };
}

/** The routes that steer the simulator and show what it received. */
export function createControlRoutes(behaviour: Behaviour, received: ReceivedStore): ControlRoutes {
  const show = () => toAnswer(showSettings(behaviour.describe()));

  async function change(request: IncomingMessage): Promise<ControlAnswer> {
    const parsed = parseControl(await readJson(request));
    if ('problems' in parsed) return toAnswer({ problems: parsed.problems }, 400);
    behaviour.apply(parsed.patch);
    return show();
  }

  function reset(): ControlAnswer {
    behaviour.reset();
    return show();
  }

  function list(query: URLSearchParams): ControlAnswer {
    const filter = parseFilter(query);
    if (typeof filter === 'string') return toAnswer({ problems: [filter] }, 400);
    const calls = showCalls(received.kept(), filter);
    return toAnswer({ counts: received.counts(), duplicates: received.duplicates(), received: calls });
  }

  function clear(): ControlAnswer {
    received.clear();
    return toAnswer({ counts: received.counts() });
  }

  return {
    handle(request, path, query) {
      switch (`${request.method} ${path}`) {
        case 'GET /_control':
          return Promise.resolve(show());
        case 'POST /_control':
          return change(request);
        case 'DELETE /_control':
        case 'POST /_reset':
          return Promise.resolve(reset());
        case 'GET /_received':
          return Promise.resolve(list(query));
        case 'DELETE /_received':
          return Promise.resolve(clear());
        default:
          return undefined;
      }
    },
  };
}
