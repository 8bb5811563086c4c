#!/usr/bin/env bash
# Installs what hone needs on Debian 12: system packages, and LibTorch, CMake and Ninja in a project-local .venv.
# Safe to run again: what is there is left alone. Options: --cuda (also NVIDIA's libraries, for the cuda preset).
set -euo pipefail
cd "$(dirname "$0")/.."

cuda=no
for arg in "$@"; do
  case "$arg" in
    --cuda) cuda=yes ;;
    *) echo "setup.sh: unknown option $arg (known: --cuda)" >&2; exit 2 ;;
  esac
done

packages=(build-essential ccache mold pkg-config python3-venv libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
  libspdlog-dev libfmt-dev libsentencepiece-dev libpcre2-dev libutf8proc-dev libgtest-dev libgmock-dev librapidcheck-dev
  libxxhash-dev libgloo-dev libbenchmark-dev libcld2-dev libcpp-httplib-dev libgmp-dev libmpfr-dev bubblewrap
  libseccomp-dev)
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if ((${#missing[@]})); then
  sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
  echo "setup: installing ${missing[*]}"
  "${sudo[@]}" apt-get update -q
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
if ! .venv/bin/python -c 'import importlib.metadata as m; assert m.version("torch").split("+")[0] == "2.11.0"; m.version("cmake"); m.version("ninja")' 2>/dev/null; then
  echo "setup: installing LibTorch 2.11.0, CMake and Ninja into .venv"
  .venv/bin/pip install -q cmake ninja
  .venv/bin/pip install -q --no-deps torch==2.11.0 'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-cupti==13.0.*'
fi
if [ "$cuda" = yes ]; then
  command -v nvcc >/dev/null || { echo "setup: --cuda needs the CUDA 13 toolkit (nvcc) on PATH" >&2; exit 1; }
  .venv/bin/pip install -q torch==2.11.0
fi
echo "setup: ready"
