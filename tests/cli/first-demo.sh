#!/bin/sh
# README's demo on containers from a kit that was just cloned; then a hand takes the lab down and up again, with the
# Compose that this Debian has. Nothing that the demo wrote may be gone.
#
#   sh tests/cli/first-demo.sh        # in the kit's folder, on a computer that has nothing yet
#
# It leaves what setup installed, and the lab `lab`.
set -eu
readonly limit_s=120 url=http://127.0.0.1:8080
export LC_ALL=C.UTF-8
kit=$PWD

entries() { curl -fsS --max-time 10 "$url/entries?limit=1000"; }

bin/lab demo docker --yes
entries >/tmp/before
cd "${XDG_STATE_HOME:-$HOME/.local/state}/vagrant-docker-lab/labs/lab/docker"
if docker compose version; then by_hand='docker compose'; else by_hand=docker-compose; fi
$by_hand down
$by_hand up -d
end=$(($(date +%s) + limit_s))
until entries >/tmp/after; do
  [ "$(date +%s)" -lt "$end" ]
  sleep 1
done
cmp /tmp/before /tmp/after
[ "$(grep -c '"text"' /tmp/after)" -gt 0 ]
cd "$kit"
bin/lab status docker
echo "first demo: done by hand with $by_hand"
