#!/usr/bin/env bash
# MLflow for a team, in the foreground: in compose.yaml's container and, by server.sh, without one.
# From the environment (docs/team-server.md): the two secrets checked below; MLFLOW_PUBLIC_HOST, the
# name by which browsers reach the TLS proxy, as host or host:port; ARTIFACTS, a folder; LISTEN and
# PORT; and what PostgreSQL needs to let MLflow in (PGHOST, PGUSER, PGPASSWORD). With the argument
# `check` it starts nothing.
set -euo pipefail

refuse() {
  echo "start_mlflow.sh: $1" >&2
  exit 2
}

check_secret() { # NAME LEAST_LENGTH
  local value=${!1:-}
  [ -n "$value" ] || refuse "$1 is not set; there is no default. Make one: openssl rand -hex 32"
  [ "${#value}" -ge "$2" ] || refuse "$1 has fewer than $2 characters. Make one: openssl rand -hex 32"
  case "${value,,}" in
    *password* | *admin* | *secret* | *changeme* | *mlflow*)
      refuse "$1 holds a word that is guessed first. Make one: openssl rand -hex 32" ;;
  esac
}

check_secret MLFLOW_AUTH_ADMIN_PASSWORD 12
check_secret MLFLOW_FLASK_SERVER_SECRET_KEY 32
[ -n "${MLFLOW_PUBLIC_HOST:-}" ] || refuse "MLFLOW_PUBLIC_HOST is not set; for example mlflow.example.org"
[ -n "${ARTIFACTS:-}" ] || refuse "ARTIFACTS is not set; it is the folder for what runs store"

[ "${1:-}" != check ] || exit 0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
port=${PORT:-5000}
export MLFLOW_AUTH_CONFIG_PATH=$here/basic_auth.ini
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1

exec mlflow server --app-name basic-auth --host "${LISTEN:-127.0.0.1}" --port "$port" --workers 1 \
  --backend-store-uri postgresql+psycopg:///mlflow \
  --serve-artifacts --artifacts-destination "$ARTIFACTS" \
  --allowed-hosts "$MLFLOW_PUBLIC_HOST,127.0.0.1:$port,localhost:$port" \
  --cors-allowed-origins "https://$MLFLOW_PUBLIC_HOST" \
  --x-frame-options DENY
