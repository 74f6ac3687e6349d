import Type from 'typebox';
import { messageChannels } from '../../access/caller.ts';
import { channelNames, lanes } from '../../channels/channel.ts';
import { lane, oneOf } from './atoms.ts';

const rateLimit = {
  type: ['object', 'null'],
  required: ['max', 'windowSeconds'],
  properties: { max: { type: 'integer' }, windowSeconds: { type: 'integer' } },
  description: 'At most `max` requests in a window; null for no limit.',
};

/** What a caller may do. */
export const me = Type.Object({
  caller: Type.String({ description: 'Its name.' }),
  admin: Type.Boolean({ description: 'It sees and steers the messages of all callers.' }),
  channels: Type.Array(oneOf(messageChannels, 'A channel; `raw` for CommBox ids without an alias.')),
  streams: Type.Array(Type.Object({ alias: Type.String(), channel: oneOf(channelNames, 'Its channel.') })),
  rawIds: Type.Boolean({ description: 'It may use CommBox ids without an alias.' }),
  lanes: Type.Array(oneOf(lanes, 'A lane it may ask for.')),
  defaultLane: lane,
  weight: Type.Number({ description: 'Its share when the quota is scarce.' }),
  criticalShare: Type.Number({ description: 'The share of the quota up to which its `critical` messages go first.' }),
  rateLimit: Type.Unsafe<{ max: number; windowSeconds: number } | null>(rateLimit),
});

/** `GET /livez`. */
export const liveness = Type.Object({ status: oneOf(['ok'], 'The process answers.') });

/** `GET /readyz`. */
export const readiness = Type.Object({
  status: oneOf(['ready', 'not_ready'], 'Whether it should get requests.'),
  reasons: Type.Array(Type.String(), { description: 'Why not, in short.' }),
  warnings: Type.Array(Type.String(), { description: 'What will become a reason if nobody acts.' }),
});

/** CommBox's answer at the drop-in door. */
export const commboxEnvelope = Type.Object(
  {
    status: Type.Union([Type.Integer(), Type.String()], { description: 'Number or digits.' }),
    description: Type.Optional(Type.String()),
    response_time: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown({ description: '`{ "id": … }` of the new object.' })),
  },
  { description: "CommBox's envelope, as it came." },
);
