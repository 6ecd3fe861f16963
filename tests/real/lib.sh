# For the scripts beside this one: a folder of their own, programs that end with them, and waiting for an event.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
pids=()

# What the tests of a program started, and did not end, has left its pid in a file in their folder.
finish() {
  local file pid
  for file in "$work"/*/pid; do
    pid=$(cat "$file" 2>/dev/null) || continue
    ! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$work" || kill -KILL "$pid" || true
  done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

# start NAME COMMAND…: runs in the background until the script ends; its output is in $work/NAME.
start() {
  local name=$1
  shift
  "$@" >"$work/$name" 2>"$work/$name.log" &
  pids+=($!)
}

# until COMMAND…: tries for 20 seconds.
until_ok() {
  for _ in $(seq 200); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "never came true: $*" >&2
  tail -n 20 "$work"/*.log >&2
  return 1
}

# A port that nobody has now.
free_port() {
  python3 - <<'PY' 2>/dev/null || echo $((20000 + RANDOM % 10000))
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])
PY
}

# stringsvc FLAGS…: starts it on a port of its own; its address is in $base.
stringsvc() {
  start stringsvc "$target/debug/stringsvc" --addr 127.0.0.1:0 "$@"
  until_ok grep -q 'http://' "$work/stringsvc"
  base=$(grep -o 'http://[0-9.:]*' "$work/stringsvc" | head -n 1)
}

post() { curl -s -o /dev/null -H 'content-type: application/json' -d "$2" "$base$1"; }

# registry consul|etcd: starts a real one on ports of its own. Where services are announced and looked for is in $place, what takes away
# one that ended without a word in $left.
registry() {
  local port serf wan server peer
  port=$(free_port)
  case $1 in
  consul)
    serf=$(free_port) wan=$(free_port) server=$(free_port)
    start consul consul agent -dev -bind 127.0.0.1 -client 127.0.0.1 -http-port "$port" -dns-port -1 -grpc-port -1 \
      -server-port "$server" -serf-lan-port "$serf" -serf-wan-port "$wan" -disable-host-node-id -log-level warn
    until_ok bash -c "curl -sf http://127.0.0.1:$port/v1/status/leader | grep -q :"
    place=consul:127.0.0.1:$port
    left="its TTL"
    ;;
  etcd)
    peer=$(free_port)
    start etcd etcd --data-dir "$work/etcd-data" --listen-client-urls "http://127.0.0.1:$port" \
      --advertise-client-urls "http://127.0.0.1:$port" --listen-peer-urls "http://127.0.0.1:$peer" \
      --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer"
    until_ok bash -c "curl -sf http://127.0.0.1:$port/health | grep -q true"
    place=etcd:127.0.0.1:$port/services/stringsvc
    left="its lease"
    ;;
  esac
}
