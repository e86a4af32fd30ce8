#!/bin/sh
# Makes the environment: venv.sh PYTHON FOLDER LOCKFILE. Safe to repeat.
set -eu
python=$1 venv=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Amtsgang needs Python 3.11 or newer; set PYTHON=…" >&2; exit 2; }
if [ ! -x "$venv/bin/pip" ]; then
  echo "Setting up $venv (once)"
  if ! "$python" -m venv "$venv" 2>/dev/null; then
    rm -rf "$venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      echo "Python has no venv module yet; installing Debian's python3-venv"
      apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
      "$python" -m venv "$venv"
    else
      echo "Python's venv module is missing. On Debian: apt install python3-venv" >&2; exit 2
    fi
  fi
fi
echo "Installing the locked dependencies of $lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
# The project itself, in place and without asking a registry: a path entry and one command.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
pwd >"$site/amtsgang.pth"
printf '#!%s\nimport sys\nfrom cli import main\nsys.exit(main())\n' "$PWD/$venv/bin/python" >"$venv/bin/amtsgang"
chmod +x "$venv/bin/amtsgang"
