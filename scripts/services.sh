#!/usr/bin/env bash
# PostgreSQL, RabbitMQ and an S3 store for tests and trials, on private ports of 127.0.0.1.
#   services.sh install | start | stop | status
# `start` writes .services/env, which `make test`, `make bench` and a shell can read.
# AMTSGANG_SERVICES_FSYNC=off lets PostgreSQL forget a power cut, which tests do not make.
# Nothing of this is for production: passwords are fixed.
set -euo pipefail
cd "$(dirname "$0")/.."
HERE=$PWD/.services
STAMP=$(printf %s "$PWD" | cksum | cut -d' ' -f1)
DATA=${AMTSGANG_SERVICES_DATA:-/var/tmp/amtsgang-services-$STAMP}   # a folder that user postgres can enter
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/amtsgang/bin
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
S3_USER=amtsgang S3_PASSWORD=amtsgang-secret

say() { printf 'services: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

packages_missing() { for p; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"; done; }

go_usable() { command -v go >/dev/null && [ "$(go env GOVERSION 2>/dev/null | sed -E 's/go1\.([0-9]+).*/\1/')" -ge 24 ] 2>/dev/null; }

install_packages() {
  local missing; missing=$(packages_missing "$@")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "run as root once, or install: $missing"
  say "installing" $missing
  # Installed services must not start by themselves: ours run on private ports.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' RETURN
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

install() {
  install_packages postgresql rabbitmq-server uuid-runtime chromium
  if [ -x "$CACHE/minio" ] || command -v minio >/dev/null; then return; fi
  if go_usable && { say "building MinIO $MINIO_VERSION (minutes, once)"; mkdir -p "$CACHE"
      GOBIN=$CACHE GOFLAGS=-buildvcs=false go install "github.com/minio/minio@$MINIO_VERSION" >/dev/null 2>&1; }; then return; fi
  say "no usable Go: Ceph RGW takes MinIO's place"
  install_packages radosgw ceph-osd ceph-mon ceph-common
}

free_ports() {
  python3 - "$1" <<'PY'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PY
}

as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi; }
pg_bin() { dirname "$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -1)"; }

start_postgres() {
  local d=$DATA/pg; mkdir -p "$d"; [ "$(id -u)" = 0 ] && chown postgres: "$d"
  (cd "$d"; as_postgres "$(pg_bin)/initdb" -D "$d/data" -U app -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$d/initdb.log"
   as_postgres "$(pg_bin)/pg_ctl" -D "$d/data" -l "$d/log" -w -o \
     "-p $1 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$d -c max_connections=200 -c shared_buffers=256MB -c fsync=${AMTSGANG_SERVICES_FSYNC:-on}" start >/dev/null
   "$(pg_bin)/createdb" -h 127.0.0.1 -p "$1" -U app amtsgang)
}

rabbit_env() {  # ports: amqp dist epmd
  local d=$DATA/rmq
  export HOME=$d RABBITMQ_NODE_PORT=$1 RABBITMQ_DIST_PORT=$2 ERL_EPMD_PORT=$3 ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=amtsgang$1@localhost RABBITMQ_MNESIA_BASE=$d/mnesia \
    RABBITMQ_LOG_BASE=$d/log RABBITMQ_PID_FILE=$d/pid RABBITMQ_ENABLED_PLUGINS_FILE=$d/plugins \
    RABBITMQ_CONFIG_FILE=$d/rabbitmq.conf RABBITMQ_CONF_ENV_FILE=$d/none RABBITMQ_GENERATED_CONFIG_DIR=$d/gen \
    RABBITMQ_SCHEMA_DIR=$d/schema RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
}

start_rabbit() (
  mkdir -p "$DATA/rmq"; rabbit_env "$@"
  echo '[].' >"$DATA/rmq/plugins"
  printf 'vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 100MB\n' >"$DATA/rmq/rabbitmq.conf"
  setsid "$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin | tail -1)/rabbitmq-server" >"$DATA/rmq/out" 2>&1 </dev/null &
)

await_rabbit() {
  python3 - "$1" <<'PY' || die "RabbitMQ did not answer; see $DATA/rmq/out"
import socket, sys, time
for _ in range(240):
    try:
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1) as s:
            s.sendall(b"AMQP\0\0\x09\x01")
            if s.recv(1): break
    except OSError: pass
    time.sleep(.25)
else: sys.exit(1)
PY
}

start_minio() {
  mkdir -p "$DATA/minio"
  MINIO_ROOT_USER=$S3_USER MINIO_ROOT_PASSWORD=$S3_PASSWORD MINIO_BROWSER=off setsid "$1" server --quiet \
    --address "127.0.0.1:$2" --console-address "127.0.0.1:$3" "$DATA/minio/data" >"$DATA/minio/log" 2>&1 </dev/null &
  echo $! >"$DATA/minio/pid"
}

start_ceph() {  # ports: gateway mon
  local d=$DATA/rgw; mkdir -p "$d"/{mon,osd,run,log}
  local c="-c $d/ceph.conf" k=$d/keyring fsid osd; fsid=$(uuidgen) osd=$(uuidgen)
  cat >"$d/ceph.conf" <<X
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$2]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
run dir = $d/run
log file = $d/log/\$name
admin socket = $d/run/\$name.asok
pid file = $d/run/\$name.pid
mon data = $d/mon
osd data = $d/osd
keyring = $k
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
rgw frontends = beast endpoint=127.0.0.1:$1 tcp_nodelay=1
X
  ceph-authtool --create-keyring "$k" --gen-key -n mon. --cap mon 'allow *' >/dev/null
  for n in client.admin client.rgw osd.0; do ceph-authtool "$k" --gen-key -n $n --cap mon 'allow *' --cap osd 'allow *' >/dev/null; done
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$2]" "$d/monmap" >/dev/null
  ceph-mon $c -i a --mkfs --monmap "$d/monmap" --keyring "$k"; ceph-mon $c -i a
  ceph $c osd new "$osd" >/dev/null; ceph-osd $c -i 0 --mkfs --osd-uuid "$osd" >/dev/null 2>&1; ceph-osd $c -i 0 >/dev/null
  radosgw $c -n client.rgw
  radosgw-admin $c -n client.rgw user create --uid=amtsgang --display-name=amtsgang \
    --access-key="$S3_USER" --secret-key="$S3_PASSWORD" >/dev/null 2>&1
}

await_port() {
  for _ in $(seq 240); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep .25; done
  die "nothing answers on port $1"
}

start() {
  [ -f "$HERE/env" ] && status quiet && { say "already running (.services/env)"; return; }
  stop quiet; mkdir -p "$HERE" "$DATA"; chmod 755 "$DATA"
  read -r PG AMQP DIST EPMD S3 S3B <<<"$(free_ports 6)"
  start_rabbit "$AMQP" "$DIST" "$EPMD"
  start_postgres "$PG"
  local minio; minio=$(command -v minio || echo "$CACHE/minio"); local s3=MinIO
  if [ -x "$minio" ]; then start_minio "$minio" "$S3" "$S3B"; else s3="Ceph RGW"; start_ceph "$S3" "$S3B"; fi
  await_port "$S3"; await_rabbit "$AMQP"
  cat >"$HERE/env" <<X
export AMTSGANG_TEST_POSTGRES=postgresql+psycopg://app@127.0.0.1:$PG/amtsgang
export AMTSGANG_TEST_RABBITMQ=amqp://guest:guest@127.0.0.1:$AMQP//
export AMTSGANG_TEST_S3=s3://$S3_USER:$S3_PASSWORD@127.0.0.1:$S3/amtsgang
X
  echo "$AMQP $DIST $EPMD" >"$HERE/rabbit-ports"
  say "PostgreSQL on $PG, RabbitMQ on $AMQP, $s3 on $S3; read .services/env"
}

status() {
  [ -f "$HERE/env" ] || { [ "${1:-}" = quiet ] || say "not running"; return 1; }
  local p
  for p in $(grep -oE '127\.0\.0\.1:[0-9]+' "$HERE/env" | cut -d: -f2); do
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { [ "${1:-}" = quiet ] || say "port $p does not answer"; return 1; }
  done
  [ "${1:-}" = quiet ] || say "running"
}

stop() {
  if [ -d "$DATA/pg/data" ]; then (cd "$DATA/pg"; as_postgres "$(pg_bin)/pg_ctl" -D "$DATA/pg/data" -m immediate stop >/dev/null 2>&1 || true); fi
  [ -f "$DATA/rmq/pid" ] && kill -9 "$(cat "$DATA/rmq/pid")" 2>/dev/null || true
  if [ -f "$HERE/rabbit-ports" ]; then (set -- $(cat "$HERE/rabbit-ports"); ERL_EPMD_PORT=$3 epmd -kill >/dev/null 2>&1 || true); fi
  [ -f "$DATA/minio/pid" ] && kill -9 "$(cat "$DATA/minio/pid")" 2>/dev/null || true
  for p in "$DATA"/rgw/run/*.pid; do [ -f "$p" ] && kill -9 "$(cat "$p")" 2>/dev/null || true; done
  rm -rf "$DATA" "$HERE"
  [ "${1:-}" = quiet ] || say "stopped"
}

case ${1:-} in
  install|start|stop|status) "$1" ;;
  *) sed -n 2,5p "$0"; exit 2 ;;
esac
