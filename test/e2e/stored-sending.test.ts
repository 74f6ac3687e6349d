import t from 'tap';
import { acceptance } from './stored/acceptance.ts';
import { onEveryStorage } from './stored/every-storage.ts';
import { plain } from './stored/plain.ts';
import { schedule } from './stored/schedule.ts';
import { states } from './stored/states.ts';

await onEveryStorage(t, { acceptance, plain, schedule, states });
