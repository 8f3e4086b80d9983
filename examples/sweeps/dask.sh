#!/bin/bash
# A sweep on a Dask cluster: here a scheduler and three workers on this machine, as they would be on several.
#
#   dask.sh maps/freelist-values
#
# Scheduler, workers and the one that asks need the same kscale with its extra `dask`. One thread a worker:
# a worker runs one cell at a time, whatever it has. Whoever reaches the scheduler can run code on the workers.
set -euo pipefail

HOST=127.0.0.1
PORT=${PORT:-8786}

dask scheduler --host "$HOST" --port "$PORT" --no-dashboard &
scheduler=$!
dask worker "tcp://$HOST:$PORT" --host "$HOST" --nworkers 3 --nthreads 1 --memory-limit 4GiB --no-dashboard &
workers=$!
trap 'kill "$workers"; wait "$workers" || true; kill "$scheduler"; wait' EXIT

kscale sweep "$@" --engine "dask://$HOST:$PORT"
