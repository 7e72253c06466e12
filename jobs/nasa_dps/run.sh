#!/usr/bin/env bash
# Runs for each job, in its folder: START END FRAMES MOST. What lies in ./output is kept.
# No `set -x` here: it would write the token into the log.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
python="${JOB_PYTHON:-${JOB_ENV:-$root/.job-env}/bin/python}"
if [ $# -lt 2 ]; then
  echo "usage: run.sh START END [FRAMES|all] [MOST]" >&2
  exit 2
fi
# The secret of the account, as `maap.secrets.add_secret("MAAP_OFFLINE_TOKEN", ...)` put it there.
if [ -z "${MAAP_OFFLINE_TOKEN:-}${MAAP_CREDENTIALS_FILE:-}" ] && "$python" -c "import maap" 2>/dev/null; then
  MAAP_OFFLINE_TOKEN="$("$python" -c 'from maap.maap import MAAP; print(MAAP().secrets.get_secret("MAAP_OFFLINE_TOKEN"))')"
  export MAAP_OFFLINE_TOKEN
fi
frames="${3:-all}"
[ "$frames" = all ] && frames=""
mkdir -p output
exec "$python" "$root/jobs/cloud_fraction.py" output \
  --start "$1" --end "$2" --frames "$frames" --most "${4:-0}"
