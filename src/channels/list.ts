import type { Channel, ChannelName } from './channel.ts';
import { chat } from './chat.ts';
import { email } from './email.ts';
import { sms } from './sms.ts';
import { whatsapp } from './whatsapp.ts';

/** The one list of channels: routes, validation, defaults and documentation all follow from it. */
export const channels: Readonly<Record<ChannelName, Channel>> = { email, sms, whatsapp, chat };
