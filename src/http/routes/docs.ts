import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { cachedBody, onDemand } from '../cached-body.ts';

const own = (file: string) => new URL(`../docs-page/${file}`, import.meta.url);
// As the plugin that it is, this package would take 80 ms of every start. Its files are all that is needed.
const swagger = (file: string) => new URL(import.meta.resolve(`@fastify/swagger-ui/static/${file}`));

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

interface File {
  readonly location: () => URL;
  readonly type: string;
}

/** Every file of the page, by its path. The page names the others relative to itself. */
const files: Readonly<Record<string, File>> = {
  '/docs': { location: () => own('index.html'), type: HTML },
  '/docs/page.css': { location: () => own('page.css'), type: CSS },
  '/docs/page.js': { location: () => own('page.js'), type: JAVASCRIPT },
  '/docs/swagger-ui.css': { location: () => swagger('swagger-ui.css'), type: CSS },
  '/docs/swagger-ui-bundle.js': { location: () => swagger('swagger-ui-bundle.js'), type: JAVASCRIPT },
};

// Everything comes from the gateway itself. Pictures inside the style sheet are data.
const POLICY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** `GET /docs`: the document as a page. Its files are read at the first request, and kept. Open to all. */
export function addDocsRoutes(app: FastifyInstance): void {
  for (const [path, { location, type }] of Object.entries(files)) {
    app.get(
      path,
      onDemand(async () => cachedBody(await readFile(location()), type, POLICY)),
    );
  }
}
