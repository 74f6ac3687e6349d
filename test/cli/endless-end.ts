import { runUntilSignal } from '../../src/cli/signals.ts';
import { createLog } from '../../src/observability/log.ts';

// A process whose end would never come.
const log = createLog({ level: 'info' });
setInterval(() => {}, 60_000);
log.info({}, 'ready');
await runUntilSignal({ log, close: () => new Promise(() => {}), leaveAfterMs: 200 });
