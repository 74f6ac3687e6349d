import t from 'tap';
import { acceptance } from './stored/acceptance.ts';
import { onEveryStorage } from './stored/every-storage.ts';
import { schedule } from './stored/schedule.ts';
import { states } from './stored/states.ts';

await onEveryStorage(t, { acceptance, schedule, states });
