#!/usr/bin/env bash
# A team's MLflow with PostgreSQL, without containers: deploy/server.sh FOLDER
#
# Keeps everything in FOLDER and runs in the foreground until Ctrl-C or SIGTERM; the same command
# starts it again. PostgreSQL opens no port: it listens on a socket in a private folder, and lets in
# only the user who runs this, as the owner of its one database. Run as root, it belongs to the user
# postgres. Needs Linux, PostgreSQL, `pip install 'whichgen[server]'`, and in the environment what
# start_mlflow.sh asks for. See docs/team-server.md.
set -euo pipefail

refuse() {
  echo "server.sh: $1" >&2
  exit "${2:-2}"
}

[ $# = 1 ] || refuse "usage: server.sh FOLDER"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=$(find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1)
export PATH=${programs:+$programs:}$PATH
postgres=$(command -v postgres) || refuse "PostgreSQL is not here; on Debian: apt-get install postgresql"

mkdir -p "$1"
folder=$(cd "$1" && pwd)
database=$folder/postgresql
[ "${#database}" -le 90 ] || refuse "$database is too long a path for a socket (90 characters)"
exec 9>"$folder/lock"
flock --nonblock 9 || refuse "another one runs in $folder" 75

# PostgreSQL's programs see nothing of this script's environment, which holds secrets.
owner=(setpriv --reset-env) folder_mode=700
if [ "$(id -u)" = 0 ]; then
  owner+=(--reuid=postgres --regid=postgres --init-groups) folder_mode=711
fi

make_database() {
  local part=$database/part
  mkdir -p "$database" && rm -rf "$part"
  chmod 700 "$database"
  [ "$(id -u)" != 0 ] || chown postgres: "$database"
  "${owner[@]}" -- "${postgres%/*}/initdb" --pgdata="$part" --auth=peer --encoding=UTF8 --locale=C >/dev/null
  echo "local mlflow mlflow peer map=server" >"$part/pg_hba.conf"
  echo "server \"$(id -un)\" mlflow" >"$part/pg_ident.conf"
  printf '%s\n' "CREATE ROLE mlflow LOGIN" "CREATE DATABASE mlflow OWNER mlflow" |
    "${owner[@]}" -- "$postgres" --single -D "$part" postgres >/dev/null
  mv "$part" "$database/data"
}

children=()
stop() {
  trap '' INT TERM
  trap - EXIT
  for child in "${children[@]}"; do # MLflow, then the database below it
    kill -INT "$child" 2>/dev/null || true
    wait "$child" || true
  done
  exit "$1"
}

wait_for_database() {
  for _ in {1..150}; do
    pg_isready --quiet --host="$database" && return
    kill -0 "${children[0]}" 2>/dev/null || break
    sleep 0.2
  done
  refuse "PostgreSQL did not start; see $folder/postgresql.log" 1
}

export PGHOST=$database PGUSER=mlflow ARTIFACTS=$folder/artifacts
"$here/start_mlflow.sh" check
chmod "$folder_mode" "$folder"
mkdir -p -m 700 "$ARTIFACTS"
[ -d "$database/data" ] || make_database

trap 'stop $?' EXIT
trap 'stop 0' INT TERM
# Both also end if this script is killed (--pdeathsig).
"${owner[@]}" --pdeathsig INT -- "$postgres" -D "$database/data" \
  -c listen_addresses= -c unix_socket_directories="$database" >>"$folder/postgresql.log" 2>&1 9>&- &
children=($!)
wait_for_database
setpriv --pdeathsig INT -- "$here/start_mlflow.sh" 9>&- &
children=($! "${children[@]}")
echo "MLflow starts on http://127.0.0.1:${PORT:-5000} for https://$MLFLOW_PUBLIC_HOST; data: $folder"
wait -n
refuse "MLflow or PostgreSQL has ended; see above and $folder/postgresql.log" 1
