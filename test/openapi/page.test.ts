import t from 'tap';
import { call } from '../http/call.ts';
import { startGateway } from '../support/gateway.ts';

t.test('the page is open to all and names nothing but files of this gateway, relative to itself', async (t) => {
  const { port } = await startGateway(t);
  const get = (path: string) => call(port, { method: 'GET', path });
  const page = await get('/docs');
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  t.notMatch(
    page.text,
    /https?:|\/\/|<style|<script>|javascript:| on\w+=| style=/,
    'nothing inline, nothing from elsewhere',
  );
  const named = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target);
  const files = named.filter((target) => !target.startsWith('data:'));
  t.ok(files.length >= 5);
  for (const file of files) {
    // So it works behind a proxy that adds a path.
    t.notMatch(file, /^[/.]/, `${file} is named relative to the page`);
    const { status, headers } = await get(new URL(file, 'http://gateway/docs').pathname);
    t.equal(status, 200, file);
    t.equal(headers['x-content-type-options'], 'nosniff', `${file} is what its type says`);
    const type = { css: 'text/css', js: 'text/javascript', json: 'application/json' }[file.split('.').at(-1) ?? ''];
    t.equal(headers['content-type'], `${type}; charset=utf-8`, `${file} has its type`);
  }
});

t.test('its policy lets it load from the gateway alone', async (t) => {
  const { port } = await startGateway(t);
  for (const path of ['/docs', '/docs/page.js', '/docs/swagger-ui-bundle.js']) {
    const { headers } = await call(port, { method: 'HEAD', path });
    const policy = String(headers['content-security-policy']);
    const sources = policy.split('; ').flatMap((directive) => directive.split(' ').slice(1));
    t.match(policy, /^default-src 'none'; /);
    t.strictSame([...new Set(sources)].sort(), ["'none'", "'self'", 'data:']);
    t.equal(headers['referrer-policy'], 'no-referrer');
  }
});

t.test('nothing else of the disk can be had', async (t) => {
  const { port } = await startGateway(t);
  const paths = ['/docs/', '/docs/swagger-ui.js', '/docs/../package.json', '/docs/%2e%2e/page.js', '/docs/page.js/x'];
  for (const path of paths) t.equal((await call(port, { method: 'GET', path })).status, 404, path);
});
