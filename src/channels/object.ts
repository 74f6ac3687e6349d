import { pointerTo } from '../kernel/pointer.ts';
import type { CommboxObject, MapContext } from './channel.ts';
import type { CommonRequest, Customer } from './fields.ts';
import { type CustomerPhone, readCustomerPhone } from './phones.ts';
import { statusNumber } from './status.ts';

/** What a channel adds to the common fields. Undefined members are left out of the object. */
export interface ObjectParts {
  readonly type: number;
  readonly streamProviderType: number;
  readonly userStreamProviderType: number;
  readonly streamProviderId: string | undefined;
  readonly userStreamProviderId: string;
  readonly message: string;
  /** The channel's own `Content` members; the request's further `content` follows them. */
  readonly content: Record<string, unknown> | undefined;
  readonly sendToClient?: boolean | undefined;
  readonly createChildObject?: boolean | undefined;
  readonly user: Record<string, unknown> | undefined;
}

/** The object, its members in the order of CommBox's reference. */
export function buildObject(request: CommonRequest, parts: ObjectParts): CommboxObject {
  const object: CommboxObject = {
    Type: request.type ?? parts.type,
    StatusId: statusNumber(request.status),
    StreamProviderType: request.streamProviderType ?? parts.streamProviderType,
  };
  const content = mergedContent(parts.content, request.content);
  if (parts.streamProviderId !== undefined) object['StreamProviderId'] = parts.streamProviderId;
  object['UserStreamProviderId'] = parts.userStreamProviderId;
  object['UserStreamProviderType'] = request.userStreamProviderType ?? parts.userStreamProviderType;
  if (request.userIdentity !== undefined) object['UserIdentity'] = exactInteger(request.userIdentity);
  if (request.managerId !== undefined) object['ManagerId'] = exactInteger(request.managerId);
  if (request.subStreamId !== undefined) object['SubStreamId'] = exactInteger(request.subStreamId);
  if (parts.sendToClient !== undefined) object['sendToClient'] = parts.sendToClient;
  if (content !== undefined) object['Content'] = content;
  object['Message'] = parts.message;
  if (parts.createChildObject !== undefined) object['createChildObject'] = parts.createChildObject;
  if (parts.user !== undefined) object['User'] = parts.user;
  return object;
}

/** The customer as CommBox's `User`, and the number that may stand for the customer's identity. */
export interface MappedCustomer {
  readonly user: Record<string, unknown> | undefined;
  readonly phone: CustomerPhone | undefined;
}

const NOBODY: MappedCustomer = { user: undefined, phone: undefined };

/** Maps `customer`, members in the order of CommBox's reference. Nothing stated means no `User` at all. */
export function mapCustomer(customer: Customer | undefined, context: MapContext): MappedCustomer {
  if (customer === undefined) return NOBODY;
  const phone = mapPhone(customer.phone, '/customer/phone', context);
  const phone2 = mapPhone(customer.phone2, '/customer/phone2', context);
  const user: Record<string, unknown> = {};
  if (customer.id !== undefined) user['UniqueId'] = customer.id;
  if (customer.lastName !== undefined) user['LastName'] = customer.lastName;
  if (customer.firstName !== undefined) user['FirstName'] = customer.firstName;
  if (phone !== undefined) user['Phone1'] = phone.digits;
  if (phone2 !== undefined) user['Phone2'] = phone2.digits;
  if (customer.email !== undefined) user['Email'] = customer.email;
  if (customer.gender !== undefined) user['Gender'] = customer.gender;
  if (customer.birthday !== undefined) user['Birthday'] = customer.birthday;
  if (customer.remarks !== undefined) user['Remarks'] = customer.remarks;
  return { user: Object.keys(user).length === 0 ? undefined : user, phone };
}

/** Reports each reserved member of a request's `content`: the channel writes those itself. */
export function refuseReserved(
  content: Readonly<Record<string, unknown>> | undefined,
  isReserved: (member: string) => boolean,
  context: MapContext,
): void {
  if (content === undefined) return;
  for (const member of Object.keys(content)) {
    // Whatever its case: .NET's JSON readers would take `To` for `to`.
    if (isReserved(member.toLowerCase())) {
      context.fault(pointerTo('/content', member), 'is reserved: the gateway writes it from the fields of the request');
    }
  }
}

// Most CRMs hold a phone in some notation of their own; CommBox takes at most 20 digits.
const MOST_DIGITS = 20;

function mapPhone(text: string | undefined, pointer: string, context: MapContext): CustomerPhone | undefined {
  if (text === undefined) return undefined;
  const phone = readCustomerPhone(text, context.defaultCountry);
  if (phone === undefined) context.fault(pointer, 'must contain the digits of a phone number');
  else if (phone.digits.length > MOST_DIGITS) context.fault(pointer, `must have at most ${MOST_DIGITS} digits`);
  return phone;
}

// A spread, unlike an assignment, keeps a member called __proto__ a plain member.
function mergedContent(
  own: Record<string, unknown> | undefined,
  further: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  if (further === undefined) return own;
  return own === undefined ? further : { ...own, ...further };
}

// 15 digits are always exact; longer ones go out as they were written.
function exactInteger(value: number | string): number | RawNumber {
  if (typeof value === 'number') return value;
  return value.length <= 15 ? Number(value) : JSON.rawJSON(value);
}
