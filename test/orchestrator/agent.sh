#!/bin/sh
# A scripted agent: the n-th start in a workspace does what steps-n.sh there says. `say` writes a line of Ada's stream.
n=1
while ! mkdir "start-$n" 2>/dev/null; do
  n=$((n + 1))
  [ "$n" -lt 50 ] || exit 99
done
printf '%s\n' "$@" >"start-$n/argv"
env >"start-$n/env"
echo "$$" >"start-$n/pid"
say() { printf '%s\n' "$1"; }
started() { say '{"type":"run.started","sessionId":"1a8e6a16-9ac8-4301-a559-8d67be1b73d8","model":"m"}'; }
call() { say "{\"type\":\"tool.call\",\"id\":\"$1\",\"name\":\"run_command\",\"input\":{\"command\":\"$2\"}}"; }
result() { say "{\"type\":\"tool.result\",\"id\":\"$1\",\"name\":\"run_command\",\"content\":\"$2\",\"isError\":false}"; }
completed() { say '{"type":"run.completed"}'; }
wait_for() { read -r _ <"$1"; }
. "./steps-$n.sh"
