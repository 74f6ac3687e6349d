/** One message of the demo. */
export interface DemoSend {
  readonly title: string;
  readonly path: string;
  readonly body: object;
  /** Sent as multipart beside the body. */
  readonly files?: readonly DemoFile[];
}

export interface DemoFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

const KIB = 1024;

/** A message for each channel, an e-mail with three files, and one in CommBox's own form. */
export function demoSends(): readonly DemoSend[] {
  const customer = { id: 'CUST-12345', firstName: 'Dana', lastName: 'Levi' };
  return [
    {
      title: 'E-mail',
      path: '/v1/email',
      body: { to: 'dana@example.com', subject: 'Welcome', text: 'Hello Dana', customer },
    },
    { title: 'SMS', path: '/v1/sms', body: { to: '+972-54-444-4444', text: 'Your code is 4711', customer } },
    {
      title: 'WhatsApp template',
      path: '/v1/whatsapp',
      body: {
        to: '+972 52-222-2222',
        text: 'Your order has shipped',
        template: { name: 'order_shipped', language: 'he', params: ['4711'] },
      },
    },
    {
      title: 'Chat',
      path: '/v1/chat',
      body: { to: '+972544444444', text: 'How can we help?', createChildObject: true },
    },
    {
      title: 'E-mail with three attachments',
      path: '/v1/email',
      body: {
        to: { email: 'dana@example.com', name: 'Dana Levi' },
        subject: 'September',
        text: 'See the files.',
        status: 'sent',
      },
      files: [
        file('חשבונית ספטמבר.pdf', 'application/pdf', 180 * KIB),
        file(
          'analysis "final"; v2.xlsx',
          'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
          64 * KIB,
        ),
        file('🎉 party.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation', 900 * KIB),
      ],
    },
    {
      title: "Drop-in door: CommBox's own call, only base URL and key changed",
      path: '/streams/532/objects',
      body: {
        data: {
          Type: 4,
          StatusId: 1,
          Message: 'sent by an existing integration',
          UserStreamProviderId: '972544444444',
        },
      },
    },
  ];
}

function file(name: string, type: string, size: number): DemoFile {
  // Patterned, not random: the demo prints the same every time.
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 255;
  return { name, type, bytes };
}
