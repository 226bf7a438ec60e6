#!/bin/sh
# Brings the database to this image's revision, then becomes the command: docker-entrypoint.sh COMMAND...
#   MIGRATE=upgrade   pending revisions are applied; this is the default
#   MIGRATE=check     none is: the command starts only if the database is at this image's head
#   MIGRATE=off       the database is left alone
#   WHISPER_WAIT=60   for so many seconds a database that does not answer yet is waited for
# Where that fails, the command is not started, and the exit code is that of migrate.py.
set -eu
case ${MIGRATE:-upgrade} in
  upgrade) task=upgrade bearable=1 ;; # 1: applied, and the log tells of a drift
  check) task="current --check-heads" bearable=0 ;;
  off) exec "$@" ;;
  *) echo "Failed: MIGRATE is $MIGRATE, but only upgrade, check and off are known." >&2; exit 2 ;;
esac
export WHISPER_WAIT="${WHISPER_WAIT:-60}"
stopped=
child=
trap 'stopped=1; kill -TERM "$child"' INT TERM # process 1 of a container must pass it on itself
# shellcheck disable=SC2086 # a command and its option
"$(dirname "$(readlink -f "$0")")/migrations/db-migrate.sh" $task &
child=$!
while :; do # a signal ends a wait early
  code=0
  wait "$child" || code=$?
  kill -0 "$child" 2>/dev/null || break
done
[ -z "$stopped" ] || exit $((code > bearable ? code : 143))
[ "$code" -le "$bearable" ] || exit "$code"
exec "$@"
