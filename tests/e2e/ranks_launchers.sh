#!/usr/bin/env bash
# Two ranks started as each launcher starts them must form one group and agree on every collective.
# Usage: ranks_launchers.sh BUILD_DIR. A launcher that is not installed is skipped, and said so; its variables are then
# set by hand, which tests hone's side of the contract.
set -euo pipefail
program="$1/tests/test_comm"
filter=(--gtest_filter=RankProcess.DISABLED_Run --gtest_also_run_disabled_tests)
export HONE_TEST_SCENARIO=collectives
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# check NAME FILE: both ranks printed the same `ok` line, and nobody an error.
check() {
  local lines
  lines=$(grep -o 'ok [0-9a-f]\{16\}.*' "$2" | sort | uniq -c | sed 's/^ *//') || true
  if [[ $lines == "2 ok "* && $(wc -l <<<"$lines") == 1 ]] && ! grep -q 'error:' "$2"; then
    echo "ok      $1"
  else
    echo "FAILED  $1"; sed 's/^/    /' "$2"; failures=$((failures + 1))
  fi
}

# by_hand NAME VARIABLES...: two processes; @ in a variable stands for the rank.
by_hand() {
  local name=$1 rank pids=(); shift
  for rank in 0 1; do
    timeout 60 env "${@//@/$rank}" "$program" "${filter[@]}" >"$work/$rank" 2>&1 & pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || true; done
  cat "$work/0" "$work/1" >"$work/out"
  check "$name" "$work/out"
}

job=$((RANDOM + 1))
by_hand "torchrun's variables" RANK=@ WORLD_SIZE=2 LOCAL_RANK=@ MASTER_ADDR=localhost MASTER_PORT=$((20000 + job % 12000))
by_hand "Slurm's variables" SLURM_PROCID=@ SLURM_NTASKS=2 SLURM_LOCALID=@ SLURM_JOB_ID=$job SLURM_STEP_ID=0 \
  "SLURM_JOB_NODELIST=localhost"
by_hand "OpenMPI's variables" OMPI_COMM_WORLD_RANK=@ OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=@ \
  OMPI_COMM_WORLD_LOCAL_SIZE=2 PMIX_NAMESPACE=job-$job

if command -v "${TORCHRUN:-torchrun}" >/dev/null; then
  timeout 60 "${TORCHRUN:-torchrun}" --no-python --nproc-per-node 2 "$program" "${filter[@]}" >"$work/out" 2>&1 || true
  check "torchrun" "$work/out"
else
  echo "skipped torchrun: not installed (set TORCHRUN to its path)"
fi
if command -v mpirun >/dev/null; then
  timeout 60 mpirun --allow-run-as-root --oversubscribe -n 2 -x HONE_TEST_SCENARIO "$program" "${filter[@]}" \
    >"$work/out" 2>&1 || true
  check "mpirun" "$work/out"
else
  echo "skipped mpirun: not installed"
fi
if [[ -n ${SLURM_JOB_ID:-} ]] && command -v srun >/dev/null; then
  timeout 60 srun -n 2 "$program" "${filter[@]}" >"$work/out" 2>&1 || true
  check "srun" "$work/out"
else
  echo "skipped srun: not inside a Slurm allocation"
fi
exit $((failures > 0))
