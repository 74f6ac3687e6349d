#!/bin/bash
# Whether GET /livez answers 200. Bash alone: the image has no curl, and a second Node would cost 50 MB each time.
#
# A new container should be healthy at once, a running one be asked every 15 seconds. Engines from 25 on have
# --start-interval for that and older ones refuse a Dockerfile with it, so the waiting is done here: the image asks
# for a check every half second, and a check of a container that has been up for a while begins with a pause.

# Field 22: when process 1 started, in hundredths of a second since boot (proc(5)). The name before it may hold spaces.
stat=$(</proc/1/stat)
read -ra fields <<<"${stat##*) }"
read -r uptime _ </proc/uptime
((${uptime%.*} - fields[19] / 100 >= 5)) && sleep 14

connect() { exec 3<>"/dev/tcp/127.0.0.1/${PORT:-3000}"; } 2>/dev/null
# A check that meets a starting gateway waits for it, since starting a check costs more than trying again.
for ((tries = 0; tries < 80; tries++)); do
  connect && break
  sleep 0.05
done
printf 'GET /livez HTTP/1.0\r\n\r\n' >&3 || exit 1
read -t 3 -r _ status _ <&3
[[ $status == 200 ]]
