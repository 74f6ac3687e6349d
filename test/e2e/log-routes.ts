import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/observability/log.ts';
import { createServices } from '../../src/services.ts';

export interface Route {
  readonly method: string;
  /** As the log names it. */
  readonly template: string;
}

/** Every route that the gateway has, as its own router lists them. */
export async function everyRoute(t: Test): Promise<Route[]> {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  const config = await loadConfig({
    env: {
      COMMBOX_API_KEY: 'none',
      GATEWAY_API_KEY: 'a-gateway-key-for-the-routes',
      DATA_DIR: join(t.testdir(), 'data'),
    },
    cwd: tmpdir(),
    readFile: () => Promise.reject(missing),
  });
  const services = await createServices(config, { clock: systemClock, log: createLog({ level: 'silent' }) });
  await services.app.ready();
  const tree = services.app.printRoutes({ commonPrefix: false });
  await services.close();
  return readTree(tree);
}

/** A line is its parents' path and its own; four characters of indentation are one level. */
function readTree(tree: string): Route[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^(.*?)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    const depth = indent.length / 4;
    const template = (parents[depth - 1] ?? '') + part;
    parents.splice(depth, Number.POSITIVE_INFINITY, template);
    return methods === '' ? [] : methods.split(', ').map((method) => ({ method, template }));
  });
}
