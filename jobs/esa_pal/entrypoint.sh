#!/usr/bin/env bash
# Started by PAL in the container: reads the parameters, runs the script, leaves results in outDir.
# The layout is that of facts known in 2026; each folder and the name of the file can be set.
set -euo pipefail
home="${WORKER_HOME:-/home/worker}"
work="${WORK_DIR:-$home/workDir}"
program="${PROC_DIR:-$home/procDir}"
out="${OUT_DIR:-$work/outDir}"
shopt -s nullglob
found=("$work"/${INPUT_FILE:-*-WPS-INPUT.properties})
if [ ${#found[@]} -ne 1 ]; then
  echo "There are ${#found[@]} files ${INPUT_FILE:-*-WPS-INPUT.properties} in $work, not one." >&2
  exit 2
fi
set -a # what the file says is for the script, too: the token, if it is there
# shellcheck disable=SC1090
. "${found[0]}"
set +a
for name in start end; do
  if [ -z "${!name:-}" ]; then
    echo "${found[0]##*/} has no $name=..., such as $name=2025-03-01." >&2
    exit 2
  fi
done
mkdir -p "$out"
exec "${JOB_PYTHON:-python}" "$program/cloud_fraction.py" "$out" \
  --start "$start" --end "$end" --frames "${frames:-}" --most "${most:-0}"
