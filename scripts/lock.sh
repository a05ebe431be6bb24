#!/bin/sh
# Writes requirements/*.lock from pyproject.toml and requirements/*.in, with hashes and without index addresses.
# Releases younger than seven days stay out: a trojaned one is mostly found by then. Pins already there are kept;
# `make lock ARGS=--upgrade` renews them all.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "lock: uv is needed (pip install uv)" >&2; exit 1; }
compile() {
  # --no-config: nothing of this machine's own set-up may reach the lock.
  UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --no-config --quiet --universal --python-version 3.11 \
    --generate-hashes --exclude-newer "7 days" "$@"
}
compile "$@" pyproject.toml requirements/build.in --output-file requirements/runtime.lock
# The tests run on PostgreSQL too.
compile "$@" pyproject.toml --extra postgresql requirements/build.in requirements/dev.in \
  --constraints requirements/runtime.lock --output-file requirements/dev.lock
if grep -n '://' requirements/*.lock; then
  echo "lock: an address got into a lock" >&2
  exit 1
fi
