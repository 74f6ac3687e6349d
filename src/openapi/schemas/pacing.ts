import Type from 'typebox';
import { lanes } from '../../channels/channel.ts';
import { countOrNull, lane, nullable, oneOf, oneOfOrNull, time, timeOrNull } from './atoms.ts';

const numberOrNull = (description: string) =>
  Type.Unsafe<number | null>({ type: ['number', 'null'], minimum: 0, description });

const backlog = Type.Object({
  lane,
  queued: Type.Integer({ minimum: 0, description: 'Messages that wait in this lane.' }),
  oldestAt: timeOrNull('Since when the stored one that waits longest has been due.'),
  callers: Type.Array(Type.Object({ caller: Type.String(), queued: Type.Integer({ minimum: 0 }) }), {
    description: 'Whose they are, most first.',
  }),
});

const stop = Type.Object({
  lane: oneOfOrNull(lanes, 'Only this lane; null for all.'),
  caller: nullable('string', { description: 'Only this caller; null for all.' }),
  since: time('Since when.'),
});

/** How an account of CommBox stands. */
export const accountPacing = Type.Object(
  {
    account: Type.String({ description: 'Its name in the configuration.' }),
    state: oneOf(
      ['open', 'paused', 'probing', 'exhausted', 'credentials'],
      '`open`: messages go. `paused`: none goes until `pausedUntil`. `probing`: one is tried. `exhausted`: the quota is used up for long. `credentials`: CommBox refuses the keys.',
    ),
    cause: oneOfOrNull(['quota', 'connection', 'credentials'], 'Why it is not open.'),
    pausedUntil: timeOrNull('When it is tried again.'),
    pausedSince: timeOrNull('Since when it is not open.'),
    rate: numberOrNull('Messages per second, of all processes together; null while no limit was met.'),
    share: Type.Number({ description: 'Which part of the rate is this process’s.' }),
    burst: numberOrNull('How many may go at once.'),
    inFlight: Type.Integer({ minimum: 0, description: 'Attempts of this process in flight.' }),
    inFlightLimit: countOrNull('How many there may be.'),
    backlog: Type.Array(backlog, { description: 'What waits, by lane.' }),
    stops: Type.Array(stop, { description: 'What operators have stopped.' }),
  },
  { description: 'How fast the messages of an account go, and what holds them.' },
);

/** Every account. */
export const pacing = Type.Object({ accounts: Type.Array(accountPacing) });
