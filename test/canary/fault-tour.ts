import type { Test } from 'tap';
import type { ControlPatch, ScriptedAnswer } from '../../src/simulator/control.ts';
import { scriptedFaults, settingFaults } from './faults.ts';
import { messagesOf, objectOf } from './person.ts';
import { commboxKeys } from './planted.ts';
import { formOf } from './requests.ts';
import { people, type Stage } from './stage.ts';

const person = people.billing;

/** Meets every fault of the simulator at every door. What comes back names CommBox's key and the customer. */
export async function meetFaults(t: Test, stage: Stage): Promise<void> {
  const { simulator } = stage;
  await meetAnswers(stage, '532', Object.entries(scriptedFaults(commboxKeys.current, person)));
  const { description, contentType, body, headers } = scriptedFaults(commboxKeys.brand, person);
  await meetAnswers(stage, '900', Object.entries({ description, contentType, body, headers }));
  for (const [name, patches] of Object.entries(settingFaults)) {
    for (const [i, patch] of (patches as readonly ControlPatch[]).entries()) {
      simulator.control(patch);
      await useDoors(stage, '532', `${name} ${i}`);
      simulator.reset();
      simulator.control({ keys: [commboxKeys.current, commboxKeys.brand] });
      await stage.recovers();
    }
  }
  t.ok(
    stage.said.some(({ answer }) => answer.status === 504),
    'CommBox was silent',
  );
}

type Scripts = readonly ScriptedAnswer[];

async function meetAnswers(stage: Stage, streamId: string, faults: readonly [string, Scripts][]): Promise<void> {
  const { simulator, clock } = stage;
  for (const [name, scripts] of faults) {
    for (const [i, script] of scripts.entries()) {
      // Each of the doors meets it, and so does whatever they try again.
      simulator.control({ next: Array.from({ length: 8 }, () => script) });
      await useDoors(stage, streamId, `${name} ${i}`);
      simulator.control({ next: [] });
      clock.jump(60_000);
    }
  }
  await stage.recovers();
}

async function useDoors({ ask, passes }: Stage, streamId: string, name: string): Promise<void> {
  const sms = { ...messagesOf.sms(person), streamId };
  const keyed = { 'idempotency-key': `${person.idempotencyKey} ${streamId} ${name}` };
  const dropIn = { params: { streamId }, body: { data: objectOf(person) }, headers: keyed };
  const asked = [
    ask('billing', 'POST /v1/sms', { body: { ...sms, onUnknown: 'resend' }, headers: { prefer: 'respond-async' } }),
    ask('billing', 'POST /v1/sms', { body: sms, headers: keyed }),
    ask('billing', 'POST /streams/:streamId/objects', dropIn),
    // The e-mails' stream is of the account whose key the other half of the faults does not know.
    ...(streamId === '532' ? [ask('billing', 'POST /v1/email', formOf(person))] : []),
  ];
  await passes(Promise.all(asked));
  // The stored answer, if one was stored.
  await passes(ask('billing', 'POST /streams/:streamId/objects', dropIn));
}
