/** Lines to paste that try the gateway at `url`, one for every channel, and one that looks at what CommBox got. */
export function curlExamples(url: string, key: string, commboxUrl: string): string {
  const json = (path: string, body: object) =>
    [
      `curl -s ${url}${path} -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\`,
      `  -d '${JSON.stringify(body)}'`,
    ].join('\n');

  return [
    '# an SMS',
    json('/v1/sms', { to: '+972-54-444-4444', text: 'Your code is 4711' }),
    '# a WhatsApp template',
    json('/v1/whatsapp', {
      to: '+972522222222',
      text: 'Your order has shipped',
      template: { name: 'order_shipped', language: 'en', params: ['4711'] },
    }),
    '# a chat',
    json('/v1/chat', { to: '+972544444444', text: 'How can we help?', createChildObject: true }),
    '# an e-mail with a file',
    [
      `curl -s ${url}/v1/email -H 'Authorization: Bearer ${key}' \\`,
      `  -F 'data={"to":"jane@example.com","subject":"Your invoice","text":"Please find it attached."}' \\`,
      `  -F 'file=@package.json;type=application/json'`,
    ].join('\n'),
    "# CommBox's own call, through the drop-in door",
    json('/streams/532/objects', { data: { Type: 4, Message: 'hello', UserStreamProviderId: '972544444444' } }),
    '# an error',
    json('/v1/sms', { to: '12', txt: 'misspelt' }),
    '# what CommBox received',
    `curl -s '${commboxUrl}/_received?limit=3'`,
  ].join('\n');
}
