import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, type AnswerWriter, dropConnection } from './answer.ts';
import type { Behaviour } from './behaviour.ts';
import type { SimulatorClock } from './clock.ts';
import type { ScriptedAnswer } from './control.ts';
import { describeStatus, formatEnvelope } from './envelope.ts';
import { type MessageBody, readMessage, unreadBody } from './message.ts';
import type { ReceivedStore } from './received.ts';
import type { Admission } from './throttle.ts';
import { idData, judgeSend, type Refusal, type Verdict } from './verdict.ts';

export interface SendDeps {
  readonly behaviour: Behaviour;
  readonly received: ReceivedStore;
  readonly answers: AnswerWriter;
  readonly clock: SimulatorClock;
  /** Runs `task` after the latency setting and `extraMs`, unless the client has gone by then. */
  afterLatency(response: ServerResponse, extraMs: number, task: () => void): void;
  takeObjectId(): bigint;
}

/** `POST /streams/{id}/objects` for a stream id already decoded; `refusal`: the key or the stream is no good. */
export type Send = (
  request: IncomingMessage,
  response: ServerResponse,
  streamId: string,
  refusal: Refusal | undefined,
) => Promise<void>;

const refusalOf = (admission: Admission): Refusal | undefined => {
  if (admission.admitted) return undefined;
  return { status: 429, ...(admission.retryAfter === undefined ? {} : { retryAfter: admission.retryAfter }) };
};

export function createSend({ behaviour, received, answers, clock, afterLatency, takeObjectId }: SendDeps): Send {
  function refuse({ status, description, retryAfter }: Refusal): Answer {
    return answers.envelope(status, {
      ...(description === undefined ? {} : { description }),
      ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': retryAfter } }),
    });
  }

  function compose(verdict: Verdict & { kind: 'answer' }, body: MessageBody, objectId: bigint | null): Answer {
    const { fault, status, envelopeStatus, counted } = verdict;
    const isSuccess = counted >= 200 && counted < 300;
    const data = isSuccess && objectId !== null ? idData(fault, behaviour.settings(), body, objectId) : undefined;
    const description = fault.description ?? describeStatus(counted);
    return {
      status,
      text:
        fault.body ??
        formatEnvelope({ status: envelopeStatus, description, responseTime: answers.responseTime(), data }),
      ...(fault.headers === undefined ? {} : { headers: fault.headers }),
      ...(fault.contentType === undefined ? {} : { contentType: fault.contentType }),
      ...(fault.bodyBytes === undefined ? {} : { fillerBytes: fault.bodyBytes }),
      breakOff: fault.reset === 'during',
      closeConnection: fault.early === true,
    };
  }

  function carryOut(
    request: IncomingMessage,
    response: ServerResponse,
    verdict: Verdict,
    body: MessageBody,
    objectId: bigint | null,
  ): void {
    if (verdict.kind === 'drop') dropConnection(request);
    else if (verdict.kind === 'refuse') answers.write(response, refuse(verdict.refusal));
    else if (verdict.kind === 'answer') answers.write(response, compose(verdict, body, objectId));
  }

  function statusesOf(verdict: Verdict): { status: number | null; countedStatus: number | null } {
    if (verdict.kind === 'refuse') {
      return { status: verdict.refusal.status, countedStatus: verdict.refusal.status };
    }
    if (verdict.kind !== 'answer' || verdict.fault.reset === 'during') return { status: null, countedStatus: null };
    return { status: verdict.status, countedStatus: verdict.counted };
  }

  return async (request, response, streamId, refusal) => {
    const atMs = clock.now();
    const admission = refusal === undefined ? behaviour.throttles().admit(streamId, atMs) : undefined;
    if (admission?.admitted && admission.release) response.once('close', admission.release);
    const isRefused = refusal !== undefined || admission?.admitted === false;
    const fault: ScriptedAnswer | undefined = isRefused ? undefined : behaviour.takeFault();

    const body = fault?.early ? unreadBody : await readMessage(request);
    const verdict = judgeSend(body, refusal ?? (admission && refusalOf(admission)), fault);
    const objectId = verdict.record ? takeObjectId() : null;
    received.add({
      atMs,
      streamId,
      rawPath: request.url ?? '',
      headerLines: request.rawHeaders.join('\n'),
      body,
      ...statusesOf(verdict),
      objectId,
    });
    afterLatency(response, fault?.delayMs ?? 0, () => carryOut(request, response, verdict, body, objectId));
  };
}
