// What every answer has is said once, in the introduction; repeated at each of them it would bury what differs.
const COMMON = ['X-Request-Id', 'traceparent', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];
const COMMON_PARAMETERS = ['RequestId', 'Traceparent'].map((name) => `#/components/parameters/${name}`);

function withoutCommon(document) {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  for (const operation of operations) {
    operation.parameters = operation.parameters.filter(({ $ref }) => !COMMON_PARAMETERS.includes($ref));
    shorten(operation.responses);
  }
  shorten(document.components.responses);
  return document;
}

function shorten(responses) {
  for (const { headers = {} } of Object.values(responses)) for (const name of COMMON) delete headers[name];
}

const answer = await fetch('openapi.json');
window.SwaggerUIBundle({
  dom_id: '#page',
  spec: withoutCommon(await answer.json()),
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Would ask a host of its own about the document.
  validatorUrl: null,
});
