#!/usr/bin/env bash
# Rewrites requirements.lock from what pyproject.toml allows today: a fresh environment, everything installed, versions written down.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 # first, so that nothing else chooses its build
"$folder/venv/bin/pip" install --quiet --editable '.[book]'
{
  echo "# Exact versions of everything in the environment; made by tools/lock.sh from pyproject.toml."
  "$folder/venv/bin/pip" freeze --exclude-editable | sed 's/^\(torch==[0-9.]*\)+.*/\1/'
} > requirements.lock
