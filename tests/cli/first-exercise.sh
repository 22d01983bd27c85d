#!/bin/sh
# From a kit that was just cloned to the first exercise passed, on containers. Says how long each step took, and fails where
# all of it took longer than it may.
#
#   sh tests/cli/first-exercise.sh        # in the kit's folder, on a computer that has nothing yet
#
# It leaves what setup installed, and the lab `ex`.
set -eu
readonly limit_s=720
PATH=$PWD/bin:$PATH
export PATH LC_ALL=C.UTF-8
solution=$(mktemp)

step() { # step NAME COMMAND...
  name=$1 at=$(date +%s)
  shift
  "$@"
  echo "== $name: $(($(date +%s) - at)) s"
}

begun=$(date +%s)
step 'set up' lab setup --yes
# Without a name it is the first one.
step 'start' lab exercise start --on docker
lab exercise solution --yes >"$solution"
step 'solution' bash -eu "$solution"
step 'check' lab exercise check
took=$(($(date +%s) - begun))
rm -- "$solution"
echo "first exercise: passed after $took s, $limit_s s are allowed"
[ "$took" -le "$limit_s" ]
