/** Metrics of a gateway as Prometheus sees them: base units, `_total` for counters, every label bounded. */
const PREFIX = 'commbox_gateway_';

/** What only grows. */
export const counters = {
  requests: {
    name: `${PREFIX}requests_total`,
    help: 'Requests to the gateway that were answered, or whose caller left.',
    labelNames: ['method', 'route', 'status', 'caller'],
  },
  attempts: {
    name: `${PREFIX}attempts_total`,
    help: 'Attempts to send a message to CommBox, by how they ended.',
    labelNames: ['account', 'channel', 'outcome'],
  },
  throttled: {
    name: `${PREFIX}throttled_total`,
    help: 'Attempts that CommBox answered with 429.',
    labelNames: ['account'],
  },
  messages: {
    name: `${PREFIX}messages_total`,
    help: 'Messages that reached a final state in this process.',
    labelNames: ['state'],
  },
  resolved: {
    name: `${PREFIX}unknown_resolved_total`,
    help: 'Unknown messages that became known afterwards, by what they turned out to be.',
    labelNames: ['state'],
  },
  recovered: {
    name: `${PREFIX}messages_recovered_total`,
    help: 'Messages that this process took over from one that died.',
    labelNames: [],
  },
  storeErrors: {
    name: `${PREFIX}store_errors_total`,
    help: 'Operations of the store that failed.',
    labelNames: ['operation'],
  },
  collectErrors: {
    name: `${PREFIX}collect_errors_total`,
    help: 'Readings that a scrape had to leave out because their source failed or was too slow.',
    labelNames: ['source'],
  },
} as const;

/** What is measured one by one, in seconds. */
export const histograms = {
  requestDuration: {
    name: `${PREFIX}request_duration_seconds`,
    help: 'From the head of a request to the end of its answer, waiting for a turn at CommBox included.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  upstreamDuration: {
    name: `${PREFIX}upstream_duration_seconds`,
    help: 'Duration of attempts that reached for CommBox.',
    labelNames: ['account'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  waiting: {
    name: `${PREFIX}waiting_seconds`,
    help: 'From the acceptance of a message, or its sendAt, to the start of its first attempt.',
    labelNames: ['lane', 'caller'],
    buckets: [0.005, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
  },
  storeDuration: {
    name: `${PREFIX}store_operation_duration_seconds`,
    help: 'Duration of operations of the store, failed ones included.',
    labelNames: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
} as const;

/** What is read when somebody asks. Those marked "shared" say the same in every replica on one database. */
export const gauges = {
  build: {
    name: `${PREFIX}build_info`,
    help: 'Always 1; its labels say what runs.',
    labelNames: ['version', 'node_version'],
  },
  pacingRate: {
    name: `${PREFIX}pacing_rate_messages_per_second`,
    help: 'Rate that this process holds itself to, learned or configured; absent while there is no limit.',
    labelNames: ['account'],
  },
  pacingState: {
    name: `${PREFIX}pacing_state`,
    help: '1 for the state that the pacing of the account is in, 0 for the others.',
    labelNames: ['account', 'state'],
  },
  inFlight: {
    name: `${PREFIX}in_flight_attempts`,
    help: 'Attempts that are under way in this process.',
    labelNames: ['account'],
  },
  concurrency: {
    name: `${PREFIX}concurrency_limit`,
    help: 'Most attempts that may be under way in this process, as learned.',
    labelNames: ['account'],
  },
  waitingNow: {
    name: `${PREFIX}waiting_requests`,
    help: 'Plain requests that wait in this process for their turn at CommBox.',
    labelNames: ['account', 'lane'],
  },
  stops: {
    name: `${PREFIX}operator_stops`,
    help: 'Stops that operators have set and not lifted (shared).',
    labelNames: ['account'],
  },
  backlog: {
    name: `${PREFIX}backlog_messages`,
    help: 'Stored messages that wait, scheduled ones included (shared).',
    labelNames: ['account', 'lane'],
  },
  oldest: {
    name: `${PREFIX}backlog_oldest_age_seconds`,
    help: 'How long the message that waits longest has been due; 0 if none is (shared).',
    labelNames: ['account', 'lane'],
  },
  unknown: {
    name: `${PREFIX}unknown_messages`,
    help: 'Messages whose fate at CommBox nobody knows yet (shared).',
    labelNames: [],
  },
  keyExpiry: {
    name: `${PREFIX}key_expiry_timestamp_seconds`,
    help: 'When a CommBox key ends, in Unix time; absent for a key that does not say.',
    labelNames: ['account', 'key'],
  },
  spool: {
    name: `${PREFIX}spool_bytes`,
    help: 'Bytes of attachments on the disk of this process.',
    labelNames: [],
  },
} as const;
