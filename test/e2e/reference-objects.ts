/**
 * The requests of the contract's table and, for each, the object as CommBox's reference prints it: member by member in
 * that order, with its digits. Written down here by hand, so that the gateway's own examples are not their own proof.
 */
export interface ReferenceCase {
  readonly name: string;
  readonly channel: 'email' | 'sms' | 'whatsapp' | 'chat';
  readonly request: Readonly<Record<string, unknown>>;
  /** JSON without white space. */
  readonly object: string;
}

const customer = {
  id: '01234567',
  firstName: 'John',
  lastName: 'Doe',
  email: 'john.doe@gmail.com',
  remarks: 'some remark for user',
};
const text = 'some message';

export const plainCases: readonly ReferenceCase[] = [
  {
    name: 'e-mail without attachments',
    channel: 'email',
    request: {
      to: 'john.doe@gmail.com',
      subject: 'mail subject',
      text,
      managerId: 12345,
      streamProviderId: 'b9910a75a46c492c9cf46a910cdba0012',
      customer: { ...customer, phone: '05055555555' },
    },
    object:
      '{"Type":5,"StatusId":1,"StreamProviderType":4,"StreamProviderId":"b9910a75a46c492c9cf46a910cdba0012","UserStreamProviderId":"john.doe@gmail.com","UserStreamProviderType":4,"ManagerId":12345,"Content":{"subject":"mail subject","to":[{"address":"john.doe@gmail.com"}]},"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"05055555555","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
  },
  {
    name: 'SMS',
    channel: 'sms',
    request: { to: '+972-54-444-4444', text, managerId: 36197, customer: { ...customer, phone: '180095845823' } },
    object:
      '{"Type":4,"StatusId":1,"StreamProviderType":5,"StreamProviderId":"972544444444","UserStreamProviderId":"972544444444","UserStreamProviderType":5,"ManagerId":36197,"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"180095845823","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
  },
  {
    name: 'SMS multi-recipient',
    channel: 'sms',
    request: { to: ['972522222222'], text, managerId: 36197, customer: { ...customer, phone: '972544444444' } },
    object:
      '{"Type":4,"StatusId":1,"StreamProviderType":5,"UserStreamProviderId":"972544444444","UserStreamProviderType":5,"ManagerId":36197,"sendToClient":true,"Content":{"to":["972522222222"]},"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"972544444444","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
  },
  {
    name: 'WhatsApp',
    channel: 'whatsapp',
    request: {
      to: '972522222222',
      text,
      template: { name: 'test_template', language: 'en', params: ['check_1'] },
      managerId: 36197,
      customer: { ...customer, phone: '972544444444' },
    },
    object:
      '{"Type":4,"StatusId":1,"StreamProviderType":5,"StreamProviderId":"972544444444","UserStreamProviderId":"972544444444","UserStreamProviderType":5,"ManagerId":36197,"Content":{"to":["972522222222"],"whatsapp_hsm_name":"test_template","whatsapp_localizable_params":["check_1"],"whatsapp_language_code":"en"},"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"972544444444","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
  },
  {
    name: 'chat',
    channel: 'chat',
    request: {
      to: '972544444444',
      text,
      userIdentity: '100000000419660',
      managerId: 36197,
      createChildObject: true,
      customer: { ...customer, phone: '972544444444', email: 'JohnDoe@gmail.com' },
    },
    object:
      '{"Type":4,"StatusId":1,"StreamProviderType":0,"UserStreamProviderId":"972544444444","UserStreamProviderType":5,"UserIdentity":100000000419660,"ManagerId":36197,"Message":"some message","createChildObject":true,"User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"972544444444","Email":"JohnDoe@gmail.com","Remarks":"some remark for user"}}',
  },
];

/** What goes as multipart, with these files. */
export interface AttachmentCase extends ReferenceCase {
  readonly files: readonly { readonly name: string; readonly contentType: string }[];
}

const pdf = 'application/pdf';
const office = 'application/vnd.openxmlformats-officedocument';

export const attachmentCases: readonly AttachmentCase[] = [
  {
    name: 'e-mail with one attachment',
    channel: 'email',
    request: {
      from: 'sender@yourdomain.com',
      to: { email: 'customer@example.com', name: 'John Doe' },
      subject: 'Invoice for September 2024',
      text: 'Please find attached your invoice for September 2024.',
      status: 'sent',
      managerId: 28361974,
      customer: {
        id: 'CUST-12345',
        firstName: 'John',
        lastName: 'Doe',
        phone: '1234567890',
        email: 'customer@example.com',
      },
    },
    object:
      '{"Type":5,"StatusId":13,"StreamProviderType":4,"UserStreamProviderId":"sender@yourdomain.com","UserStreamProviderType":4,"ManagerId":28361974,"Content":{"subject":"Invoice for September 2024","to":[{"address":"customer@example.com","name":"John Doe"}]},"Message":"Please find attached your invoice for September 2024.","User":{"UniqueId":"CUST-12345","LastName":"Doe","FirstName":"John","Phone1":"1234567890","Email":"customer@example.com"}}',
    files: [{ name: 'invoice.pdf', contentType: pdf }],
  },
  {
    name: 'e-mail with three attachments',
    channel: 'email',
    request: {
      from: 'sender@yourdomain.com',
      to: { email: 'manager@example.com', name: 'Jane Manager' },
      cc: { email: 'team@example.com', name: 'Team Lead' },
      subject: 'Monthly Report and Analysis',
      text: 'Please review the attached monthly report and analysis.',
      status: 'sent',
      managerId: 28361974,
      customer: { id: 'MGR-001', firstName: 'Jane', lastName: 'Manager', email: 'manager@example.com' },
    },
    object:
      '{"Type":5,"StatusId":13,"StreamProviderType":4,"UserStreamProviderId":"sender@yourdomain.com","UserStreamProviderType":4,"ManagerId":28361974,"Content":{"subject":"Monthly Report and Analysis","to":[{"address":"manager@example.com","name":"Jane Manager"}],"cc":[{"address":"team@example.com","name":"Team Lead"}]},"Message":"Please review the attached monthly report and analysis.","User":{"UniqueId":"MGR-001","LastName":"Manager","FirstName":"Jane","Email":"manager@example.com"}}',
    files: [
      { name: 'report.pdf', contentType: pdf },
      { name: 'analysis.xlsx', contentType: `${office}.spreadsheetml.sheet` },
      { name: 'presentation.pptx', contentType: `${office}.presentationml.presentation` },
    ],
  },
];
