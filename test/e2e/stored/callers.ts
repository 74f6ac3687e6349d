import { createHash } from 'node:crypto';

const callerKey = (name: string) => `${name}-key-of-a-calling-service`;
export const asCaller = (name: string) => ({ authorization: `Bearer ${callerKey(name)}` });

/** A `gateway.yaml` with these callers; what is said of one is YAML, e.g. `{ admin: true }`. */
export function callersYaml(callers: Readonly<Record<string, string>>): string {
  const entries = Object.entries(callers).map(([name, rights]) => {
    const hash = createHash('sha256').update(callerKey(name)).digest('hex');
    return `  ${name}: { keys: ["sha256:${hash}"]${rights === '' ? '' : `, ${rights}`} }`;
  });
  return `callers:\n${entries.join('\n')}\n`;
}
