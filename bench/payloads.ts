import type { HttpRequest } from './lib/load.ts';

export const STREAM_ID = '532';
export const GATEWAY_KEY = 'bench-caller-key-of-enough-length';
export const COMMBOX_KEY = 'bench-commbox-key';

const BODY_BYTES = 600;

// Hebrew is everyday content, and two bytes a letter is what a text of that length costs to read and to write.
const TEXT =
  'שלום דנה, ההזמנה שלך מוכנה לאיסוף בסניף דיזנגוף עד יום חמישי בשעה 19:00. נא להציג הודעה זו בקופה. Order 48151623, ';

/** `POST /v1/sms` as a service would send it. */
export function smsRequest(): HttpRequest {
  const body = bodyOf((text) => ({
    to: '+972-54-444-4444',
    text,
    managerId: 36197,
    reference: 'order-48151623',
    customer: {
      id: '01234567',
      firstName: 'Dana',
      lastName: 'Levi',
      phone: '+972-54-444-4444',
      email: 'dana.levi@example.com',
      remarks: 'prefers messages in the afternoon',
    },
  }));
  return { path: '/v1/sms', headers: headersOf(), body };
}

/** The same message as CommBox's own call, for the drop-in door and for everything that only forwards. */
export function commboxRequest(): HttpRequest {
  const body = bodyOf((text) => ({
    data: {
      Type: 4,
      StatusId: 1,
      StreamProviderType: 5,
      StreamProviderId: '972544444444',
      UserStreamProviderId: '972544444444',
      UserStreamProviderType: 5,
      ManagerId: 36197,
      Message: text,
      User: {
        UniqueId: '01234567',
        FirstName: 'Dana',
        LastName: 'Levi',
        Phone1: '972544444444',
        Email: 'dana.levi@example.com',
        Remarks: 'prefers messages in the afternoon',
      },
    },
  }));
  return { path: `/streams/${STREAM_ID}/objects`, headers: headersOf(), body };
}

function headersOf(): HttpRequest['headers'] {
  return {
    authorization: `Bearer ${GATEWAY_KEY}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'orders/4.2',
  };
}

/** Serializes with a text that brings the body to exactly the same size for every contender. */
function bodyOf(build: (text: string) => object): string {
  const missing = BODY_BYTES - Buffer.byteLength(JSON.stringify(build(TEXT)));
  if (missing < 0) throw new RangeError(`the request is ${-missing} bytes too long`);
  return JSON.stringify(build(TEXT + 'www.example.com/orders/48151623?from=sms '.repeat(10).slice(0, missing)));
}
