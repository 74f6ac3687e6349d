import type { Canaries } from './search.ts';

/** What one caller sends about one customer of its own. No two callers have a value in common. */
export interface Person {
  readonly caller: string;
  /** The digits, and a way people write them. */
  readonly phone: string;
  readonly phoneWritten: string;
  readonly phone2: string;
  readonly email: string;
  readonly cc: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly customerId: string;
  readonly birthday: string;
  readonly remarks: string;
  readonly text: string;
  readonly subject: string;
  readonly fileName: string;
  readonly fileContent: string;
  readonly templateParam: string;
  readonly contentMember: string;
  readonly identity: string;
  readonly userIdentity: string;
  /** Headers that the gateway has no use for. */
  readonly header: string;
  /** Holds an address, as keys made by hand do. It is kept as an HMAC alone, so that it is found nowhere. */
  readonly idempotencyKey: string;
}

/** @param number tells people apart: 1 to 9 */
export function personOf(caller: string, number: number): Person {
  return {
    caller,
    phone: `9725455${number}0199`,
    phoneWritten: `+972-54-55${number}-0199`,
    phone2: `9725466${number}0177`,
    email: `dana.${caller}.canary@customers.example`,
    cc: `cc.${caller}.canary@customers.example`,
    firstName: `Vorname-${caller}-canary`,
    lastName: `לוי-${caller}-canary`,
    customerId: `CUST-${caller}-canary-4711`,
    birthday: `193${number}-02-03`,
    remarks: `remarks-${caller}: calls at night`,
    text: `שלום "text-${caller}-canary" & <b>code 8${number}1177</b>`,
    subject: `subject-${caller}-canary: חשבונית`,
    fileName: `חשבונית-${caller}-canary.pdf`,
    fileContent: `%PDF-of-${caller}-canary ${'content '.repeat(200)}`,
    templateParam: `param-${caller}-canary`,
    contentMember: `member-${caller}-canary`,
    identity: `identity-${caller}-canary`,
    userIdentity: `1000004196600${number}77`,
    header: `header-${caller}-canary`,
    idempotencyKey: `order of idem.${caller}.canary@customers.example`,
  };
}

/** All of it but what has a rule of its own, by the names that a failure gives. */
export function personalData({ caller, header, idempotencyKey, fileContent, ...rest }: Person): Canaries {
  const all = { ...rest, fileContent: fileContent.slice(0, 40) };
  return Object.fromEntries(Object.entries(all).map(([name, text]) => [`${caller}'s ${name}`, text]));
}

/** What is told to nobody and kept nowhere, not even for a while. */
export function untold({ caller, header, idempotencyKey }: Person): Canaries {
  return { [`${caller}'s header`]: header, [`${caller}'s idempotency key`]: idempotencyKey };
}

const customerOf = (person: Person) => ({
  id: person.customerId,
  firstName: person.firstName,
  lastName: person.lastName,
  phone: person.phoneWritten,
  phone2: person.phone2,
  email: person.email,
  birthday: person.birthday,
  remarks: person.remarks,
});

const common = (person: Person) => ({
  text: person.text,
  customer: customerOf(person),
  userIdentity: person.userIdentity,
  content: { ours: person.contentMember, list: [person.contentMember] },
});

/** A message of each channel with all that the channel takes. */
export const messagesOf = {
  sms: (person: Person) => ({ to: person.phoneWritten, identity: person.identity, ...common(person) }),
  chat: (person: Person) => ({ to: person.email, ...common(person), createChildObject: true }),
  whatsapp: (person: Person) => ({
    to: [person.phoneWritten, person.phone2],
    template: { name: 'welcome', language: 'he', params: [person.templateParam] },
    ...common(person),
  }),
  email: (person: Person) => ({
    to: { email: person.email, name: person.firstName },
    cc: [person.cc],
    subject: person.subject,
    ...common(person),
  }),
} as const;

/** The same in CommBox's own words. */
export const objectOf = (person: Person) => ({
  Type: 4,
  Message: person.text,
  UserStreamProviderId: person.phone,
  UserStreamProviderType: 5,
  User: {
    Phone1: person.phoneWritten,
    UniqueId: person.customerId,
    FirstName: person.firstName,
    LastName: person.lastName,
    Email: person.email,
  },
  Content: { subject: person.subject, ours: person.contentMember },
});
