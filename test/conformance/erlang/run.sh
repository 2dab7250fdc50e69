#!/usr/bin/env bash
# Run the scenarios on a real BEAM (Debian: apt-get install erlang-base).
#   run.sh show <id>...     print the live trace of the given scenarios
#   run.sh check            run them all, compare with traces/, scenarios.json and recorded/additional.json
#   run.sh record [<id>...] write the traces of the additional scenarios (all without an id), and recorded/additional.json
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ebin="$(mktemp -d)"
trap 'rm -rf "$ebin"' EXIT
erlc -Werror -o "$ebin" "$here"/lib/*.erl "$here"/scenarios/*.erl "$here"/additional/*.erl
one() { erl -noshell -noinput -pa "$ebin" -eval "oracle:main($1)."; }
ids() { for file in "$here/$1"/*.erl; do basename "$file" .erl; done; }
json() {
  local list
  list="$(ids "$1" | paste -sd, -)"
  erl -noshell -noinput +pc unicode -pa "$ebin" -eval "io:setopts([{encoding, unicode}]), oracle:json(\"$here/traces\", [$list])."
}
case "${1:-}" in
  show) shift; for id in "$@"; do echo "== $id"; one "$id"; done ;;
  check)
    bad=0
    for id in $(ids scenarios) $(ids additional); do
      one "$id" | diff -u "$here/traces/$id.txt" - || { echo "DIFFERS $id"; bad=1; }
    done
    json scenarios | diff -u "$here/../scenarios.json" - || { echo "DIFFERS scenarios.json"; bad=1; }
    json additional | diff -u "$here/../recorded/additional.json" - || { echo "DIFFERS additional.json"; bad=1; }
    exit $bad ;;
  record)
    shift
    for id in ${*:-$(ids additional)}; do
      one "$id" >"$here/traces/$id.txt" || { echo "FAILED $id" >&2; cat "$here/traces/$id.txt" >&2; exit 1; }
    done
    json additional >"$here/../recorded/additional.json" ;;
  *) sed -n '2,5p' "$0"; exit 64 ;;
esac
