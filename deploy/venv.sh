#!/bin/sh
# Make the virtual environment and install exactly what requirements.lock names.
# usage: venv.sh PYTHON DIRECTORY
set -eu
python=$1
venv=$2

if [ -z "$python" ]; then
    echo "error: no python3 found; hmb needs Python 3.11 or newer (Debian: apt-get install python3)" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "error: $python is $("$python" -V 2>&1); hmb needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi

# Debian splits `ensurepip` off into a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    sh "$(dirname "$0")/apt.sh" python3-venv || {
        echo "error: this Python cannot make virtual environments; install python3-venv" >&2
        exit 1
    }
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
