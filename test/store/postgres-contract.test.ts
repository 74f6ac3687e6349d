import t from 'tap';
import { startPostgres } from '../support/postgres.ts';
import { storeContract } from './contract.ts';
import { postgresPlace } from './postgres-place.ts';

// A busy machine takes longer than a file usually may.
t.setTimeout(300_000);

const server = await startPostgres(t);

await storeContract(t, 'PostgreSQL', (t) => postgresPlace(t, server));
