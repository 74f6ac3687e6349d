import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** A caller as `gateway.yaml` has it. */
export interface CallerEntry {
  readonly name: string;
  readonly weight?: number;
  readonly lane?: 'critical' | 'normal' | 'bulk';
}

/** Who warms a gateway up, and by which stream: that of another account, which has a pace of its own. */
export const WARM = { caller: 'warm', stream: 'warm', account: 'warm' } as const;

/** The key of a caller. */
export const keyOf = (caller: string): string => `bench-key-of-the-caller-${caller}`;

/** Writes the YAML file, and the key that it names, beside the data directory. Resolves with its path. */
export async function writeConfig(
  directory: string,
  callers: readonly CallerEntry[],
  warmPort: number,
): Promise<string> {
  const keyFile = `${directory}.key`;
  await writeFile(keyFile, 'bench-warm-up-key', { mode: 0o600 });
  const lines = [...callers, { name: WARM.caller }].map(({ name, weight = 1, lane = 'normal' }: CallerEntry) => {
    const key = `sha256:${hash('sha256', keyOf(name))}`;
    return `  ${name}: { keys: ["${key}"], weight: ${weight}, lane: ${lane} }`;
  });
  const yaml = [
    'streams:',
    `  ${WARM.stream}: { channel: sms, id: "999", account: ${WARM.account} }`,
    'accounts:',
    `  ${WARM.account}: { url: "http://127.0.0.1:${warmPort}", keyFile: "${keyFile}" }`,
    'callers:',
    ...lines,
  ];
  const path = `${directory}.yaml`;
  await writeFile(path, `${yaml.join('\n')}\n`);
  return path;
}
