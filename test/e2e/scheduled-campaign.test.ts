import t from 'tap';
import { onEveryStorage } from './stored/every-storage.ts';
import { scheduledCampaign } from './stored/scheduled-campaign.ts';

await onEveryStorage(t, { 'a scheduled campaign': scheduledCampaign });
