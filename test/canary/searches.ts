import { personalData, untold } from './person.ts';
import { secrets } from './planted.ts';
import { createSearch } from './search.ts';
import { people } from './stage.ts';

const all = Object.values(people);

/** For what may be found in no place at any time. */
export const nowhere = createSearch(Object.assign({}, secrets, ...all.map(untold)));

/** For everybody's personal data; the names begin with the caller whose it is. */
export const personal = createSearch(Object.assign({}, ...all.map(personalData)));
