import { acceptance } from './acceptance.ts';
import type { Suite } from './stage.ts';

/** What stored messages promise, whatever they are stored in. */
export const suites: Readonly<Record<string, Suite>> = { acceptance };
