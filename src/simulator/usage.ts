/** What `commbox-gateway simulator --help` prints. */
export const simulatorUsage = `Usage: commbox-gateway simulator [options]

A simulated CommBox. Look at what it received at GET /_received, and forget that by DELETE /_received. Steer it at
POST /_control, with any of these members (GET shows all as they are now, DELETE goes back to the options):

  {"next": [{"status": 500}, {"reset": "after"}, {"hang": true}]}        answers for the next sends, one each
  {"throttles": [{"model": "tokenBucket", "rate": 20, "burst": 20}]}     quotas; also fixedWindow, slidingWindow, concurrency
  {"keys": ["another key"], "latency": {"ms": 200}, "errorRate": 0.1}

  --host <address>           where to listen (127.0.0.1)
  --port <number>            port (4010)
  --key <key>                an accepted API key; repeat for more (any key)
  --stream <id>              a stream that exists; repeat for more (all do)
  --rate <per second>        quota as a token bucket …
  --burst <calls>              … that saves up this many (the rate, at least 1)
  --limit <calls>            quota per window …
  --window <ms>                … of this length (60000)
  --sliding                    … that slides instead of starting afresh
  --concurrency <calls>      quota of calls at the same time
  --per-stream               each stream has its own quota
  --retry-after <form>       none, seconds, date, or a fixed number (none)
  --penalty <ms>             a call while throttled prolongs the throttle (0)
  --latency <ms>             time each answer takes (0)
  --jitter <ms>              random time on top (0)
  --error-rate <share>       share of sends answered 500, 0 to 1 (0)
  --error-recorded <share>   share of those whose object was created (0)
  --reset-before <share>     share of sends cut off before the object is created (0)
  --reset-after <share>      share of sends cut off after it (0)
  --seed <number>            repeats the same chance (1)
  --first-id <id>            id of the first object (294159)
  --keep <calls>             calls that can be looked at (10000)
  --keep-alive <ms>          how long an idle connection stays open (5000)
  --help                     this text
`;
