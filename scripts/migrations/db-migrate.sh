#!/bin/sh
# migrate.py from any folder, also through a link, with the project's virtual environment where there is one:
#   db-migrate.sh status
set -eu
here=$(dirname "$(readlink -f "$0")")
python=${here%/scripts/migrations}/.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$here/migrate.py" "$@"
