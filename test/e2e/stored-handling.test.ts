import t from 'tap';
import { batch } from './stored/batch.ts';
import { cancel } from './stored/cancel.ts';
import { onEveryStorage } from './stored/every-storage.ts';
import { listing } from './stored/listing.ts';
import { reconcile } from './stored/reconcile.ts';
import { resend } from './stored/resend.ts';

await onEveryStorage(t, { listing, cancel, resend, batch, reconcile });
