#!/bin/bash
# A sweep as a job array: eight shards, each on two cores.
#
#   job=$(sbatch --parsable slurm.sh maps/freelist-values)
#   sbatch --dependency=afterok:"$job" --wrap 'kscale merge shards/*.json --save sweep'
#
# The folder must be one that all nodes see. A task that is requeued goes on where it stopped.
#SBATCH --job-name=kscale
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=02:00:00
#SBATCH --requeue
set -euo pipefail

export KSCALE_RESULTS="${SLURM_SUBMIT_DIR:-$PWD}/shards"
exec kscale sweep "$@" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --save "shard-$SLURM_ARRAY_TASK_ID" --force \
  --workers "$SLURM_CPUS_PER_TASK" --quiet
