import Type from 'typebox';

/** CommBox's ObjectStatusType (API reference, enums). There is no 12. */
export const statusNumbers = {
  open: 1,
  resolved: 2,
  forward: 3,
  irrelevant: 4,
  deleted: 5,
  forwardReply: 6,
  draft: 7,
  inProcess: 8,
  scheduled: 9,
  followUp: 10,
  automated: 11,
  sent: 13,
  archive: 14,
  pending: 15,
} as const;

export type StatusName = keyof typeof statusNumbers;
export type StatusNumber = (typeof statusNumbers)[StatusName];

/** `status`: a name of the enum, or its number. */
export const statusField = Type.Unsafe<StatusName | StatusNumber>({
  enum: [...Object.keys(statusNumbers), ...Object.values(statusNumbers)],
  description: 'Status of the conversation: a name, or its CommBox number (`StatusId`). Default `open`.',
});

/** The `StatusId` for a status; `open` where none is given. */
export function statusNumber(status: StatusName | StatusNumber = 'open'): StatusNumber {
  return typeof status === 'number' ? status : statusNumbers[status];
}
