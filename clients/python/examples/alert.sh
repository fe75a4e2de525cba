#!/bin/sh
# An alert from a shell: run a command, and say in a room that it failed, with the end of its output.
#
#   alert.sh ROOM COMMAND...      with CHAT_SERVER and, for a token, `hubbub-chat login`
room=$1
shift
output=$("$@" 2>&1)
code=$?
[ $code -eq 0 ] && exit 0
printf '%s failed with code %s:\n%s\n' "$1" "$code" "$(printf '%s' "$output" | tail -n 10)" |
    hubbub-chat send "$room" - --quiet --id "alert-$(printf '%s %s' "$output" "$(date +%F)" | cksum | tr ' ' -)"
exit $code
