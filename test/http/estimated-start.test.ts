import t from 'tap';
import { acceptedView } from '../../src/http/message-view.ts';

t.test(
  'estimatedStart is a time that every reader understands, whatever fraction of a millisecond was computed',
  async (t) => {
    const message = { id: 'msg_1', account: 'default', caller: 'shop', lane: 'normal', readyAt: 0, ahead: 23 } as const;
    const prospect = {
      waitingFor: 'rate',
      position: 23,
      startsAt: Date.UTC(2026, 10, 22, 17, 38, 7, 806) + 0.1455,
      startsAtBest: 0,
    } as const;
    const view = await acceptedView(message, 'queued', {
      delivery: { prospect: () => prospect },
      store: { position: async () => 23 },
    });
    t.equal(view.estimatedStart, '2026-11-22T17:38:07.806Z');
  },
);
