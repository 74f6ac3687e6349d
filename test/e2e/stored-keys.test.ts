import t from 'tap';
import { asyncKeys } from './stored/async-keys.ts';
import { onEveryStorage } from './stored/every-storage.ts';
import { keys } from './stored/keys.ts';
import { replays } from './stored/replays.ts';

await onEveryStorage(t, { replays, asyncKeys, keys });
