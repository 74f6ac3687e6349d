/** The words before the routes, in Markdown. */
export const introduction = `**Authentication.** Every route but those that tell about the gateway takes a gateway key, as
\`Authorization: Bearer <key>\` or \`X-API-Key\`.

**Strict.** Unknown fields are an error, nothing is coerced. So are a field that is there twice in one object, query
parameters and bodies that a route does not read, and an \`Authorization\`, \`X-API-Key\`, \`Idempotency-Key\`,
\`Content-Type\` or \`Gateway-Lane\` on two lines, and a \`Gateway-Lane\` anywhere but at CommBox's own call. Ids
beyond ±(2^53−1) are given as strings. JSON nests at most 20 levels deep.

**Errors** are problem documents (RFC 9457). \`code\` says what happened, and \`outcome\` whether a repeat is safe:
\`not_sent\` means it is; \`unknown\` means that CommBox may have the message. A path that exists for other methods
answers 405 \`method_not_allowed\`, an unknown one 404 \`not_found\`.

**Idempotency.** With an \`Idempotency-Key\`, a request can be repeated whatever became of the first one.

**Headers.** Every request may bring an \`X-Request-Id\` and a \`traceparent\` (W3C Trace Context), and every answer has both:
they are in the log. A caller with a limit also gets \`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\`
(seconds).`;

export const tags = [
  {
    name: 'Sending',
    description: 'E-mail, SMS, WhatsApp templates and chats. What is tried out here is really sent, but for previews.',
  },
  { name: 'Messages', description: 'What became of a message, and what can still be done about it.' },
  { name: 'Pacing', description: 'The pace towards CommBox, and the stop button. For admins.' },
  { name: "CommBox's own call", description: 'For services that already speak to CommBox.' },
  { name: 'The gateway', description: 'What the gateway tells about itself.' },
] as const;
