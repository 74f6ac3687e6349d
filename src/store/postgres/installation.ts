import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

const SECRET_BYTES = 32;

const offerStatement = `
  INSERT INTO commbox_gateway.installation (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`;
const readStatement = 'SELECT secret FROM commbox_gateway.installation WHERE id = 1';

/** The secret that all gateways on the database share. The first to ask makes it. */
export function createSecret(database: Database): () => Promise<Buffer> {
  return async () => {
    await database.query(offerStatement, [randomBytes(SECRET_BYTES)]);
    const [row] = await database.query<{ secret: Buffer }>(readStatement);
    if (row === undefined) throw new TypeError('the installation has no secret');
    return row.secret;
  };
}
