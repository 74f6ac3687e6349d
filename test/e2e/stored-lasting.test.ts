import t from 'tap';
import { erasure } from './stored/erasure.ts';
import { onEveryStorage } from './stored/every-storage.ts';
import { outage } from './stored/outage.ts';
import { restart } from './stored/restart.ts';

await onEveryStorage(t, { erasure, restart, outage });
