import t from 'tap';
import { channelNames } from '../../src/channels/channel.ts';
import { channels } from '../../src/channels/list.ts';
import { createPreparer } from '../../src/channels/prepare.ts';
import { parseExact } from '../../src/kernel/exact-json.ts';

// The bodies that CommBox's reference prints for creating an object, byte for byte but for white space.
const reference: Record<string, string[]> = {
  email: [
    '{"Type":5,"StatusId":1,"StreamProviderType":4,"StreamProviderId":"b9910a75a46c492c9cf46a910cdba0012","UserStreamProviderId":"john.doe@gmail.com","UserStreamProviderType":4,"ManagerId":12345,"Content":{"subject":"mail subject","to":[{"address":"john.doe@gmail.com"}]},"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"05055555555","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
    '{"Type":5,"StatusId":13,"StreamProviderType":4,"UserStreamProviderId":"sender@yourdomain.com","UserStreamProviderType":4,"ManagerId":28361974,"Content":{"subject":"Invoice for September 2024","to":[{"address":"customer@example.com","name":"John Doe"}]},"Message":"Please find attached your invoice for September 2024.","User":{"UniqueId":"CUST-12345","LastName":"Doe","FirstName":"John","Phone1":"1234567890","Email":"customer@example.com"}}',
    '{"Type":5,"StatusId":13,"StreamProviderType":4,"UserStreamProviderId":"sender@yourdomain.com","UserStreamProviderType":4,"ManagerId":28361974,"Content":{"subject":"Monthly Report and Analysis","to":[{"address":"manager@example.com","name":"Jane Manager"}],"cc":[{"address":"team@example.com","name":"Team Lead"}]},"Message":"Please review the attached monthly report and analysis.","User":{"UniqueId":"MGR-001","LastName":"Manager","FirstName":"Jane","Email":"manager@example.com"}}',
  ],
  sms: [
    '{"Type":4,"StatusId":1,"StreamProviderType":5,"StreamProviderId":"972544444444","UserStreamProviderId":"972544444444","UserStreamProviderType":5,"ManagerId":36197,"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"180095845823","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
    '{"Type":4,"StatusId":1,"StreamProviderType":5,"UserStreamProviderId":"972544444444","UserStreamProviderType":5,"ManagerId":36197,"sendToClient":true,"Content":{"to":["972522222222"]},"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"972544444444","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
  ],
  whatsapp: [
    '{"Type":4,"StatusId":1,"StreamProviderType":5,"StreamProviderId":"972544444444","UserStreamProviderId":"972544444444","UserStreamProviderType":5,"ManagerId":36197,"Content":{"to":["972522222222"],"whatsapp_hsm_name":"test_template","whatsapp_localizable_params":["check_1"],"whatsapp_language_code":"en"},"Message":"some message","User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"972544444444","Email":"john.doe@gmail.com","Remarks":"some remark for user"}}',
  ],
  chat: [
    '{"Type":4,"StatusId":1,"StreamProviderType":0,"UserStreamProviderId":"972544444444","UserStreamProviderType":5,"UserIdentity":100000000419660,"ManagerId":36197,"Message":"some message","createChildObject":true,"User":{"UniqueId":"01234567","LastName":"Doe","FirstName":"John","Phone1":"972544444444","Email":"JohnDoe@gmail.com","Remarks":"some remark for user"}}',
  ],
};

for (const country of [undefined, 'IL'] as const) {
  t.test(`every reference example comes out as CommBox prints it, default country ${country ?? 'none'}`, async (t) => {
    const prepare = createPreparer({ defaultCountry: country });
    for (const name of channelNames) {
      const sent = channels[name].examples.map(({ request }) => {
        const prepared = prepare(name, parseExact(JSON.stringify(request)), {});
        return prepared.ok ? JSON.stringify(prepared.mapped.object) : prepared.faults;
      });
      t.strictSame(sent, reference[name], name);
    }
  });
}

t.test('the documented objects are those same objects', async (t) => {
  for (const name of channelNames) {
    t.strictSame(
      channels[name].examples.map(({ object }) => JSON.stringify(object)),
      reference[name],
    );
  }
});
