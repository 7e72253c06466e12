#!/usr/bin/env bash
# Runs once, when the algorithm is registered: an environment of its own, beside the checkout.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
python3 -m venv "${JOB_ENV:-$root/.job-env}"
"${JOB_ENV:-$root/.job-env}/bin/python" -m pip install -q "$root[scale]"
