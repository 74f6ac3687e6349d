import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { curlExamples } from './curl-examples.ts';
import { runBurst } from './demo/burst.ts';
import { demoSends } from './demo/sends.ts';
import { showSend } from './demo/show-send.ts';
import { type SandboxPair, startSandboxPair } from './sandbox-pair.ts';
import { runUntilSignal } from './signals.ts';
import { misreadArguments } from './usage.ts';

export const demoCommand: Command = {
  usage: [
    'Usage: commbox-gateway demo [--once]',
    '',
    'Starts a sandbox on free ports, sends a message through every channel and a burst into a throttled stream, and',
    'shows what went in and what CommBox got. Stays up for your own tries, unless --once is given.',
  ].join('\n'),
  async run(args) {
    const isOnce = readOnce(args);
    // The demo's own lines are what is to be read; the log would bury them.
    const pair = await startSandboxPair({ host: '127.0.0.1', port: 0, commboxPort: 0, logSink: { write: () => {} } });
    console.log(`gateway ${pair.url}    simulated CommBox ${pair.simulator.url}\n`);
    const isGood = await runDemo(pair);
    if (isOnce) {
      await pair.close();
      return isGood ? 0 : 1;
    }
    console.log('\nBoth stay up until Ctrl-C. Lines to paste:\n');
    console.log(curlExamples(pair.url, pair.key, pair.simulator.url));
    return runUntilSignal({ log: pair.log, close: pair.close });
  },
};

async function runDemo(pair: SandboxPair): Promise<boolean> {
  let isGood = true;
  for (const send of demoSends()) isGood = (await showSend(pair, send)) && isGood;
  return (await runBurst(pair)) && isGood;
}

function readOnce(args: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...args], options: { once: { type: 'boolean' } } }).values.once ?? false;
  } catch (error) {
    throw misreadArguments(error);
  }
}
