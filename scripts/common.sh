# Sourced by the scripts beside it: finds uv and a Python that Home Assistant runs on, and makes environments.
# shellcheck shell=bash

readonly MIN_UV="0.9.0"
readonly PYTHON_REQUEST=">=3.14.2,<3.15"
readonly CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/ha-semantic-memory"
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT

# The scripts decide which environment is meant, not the shell they were started from; pyenv's shims are noisy in it.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH
export UV_NO_PROGRESS="${UV_NO_PROGRESS:-${CI:+1}}"
[ -n "$UV_NO_PROGRESS" ] || unset UV_NO_PROGRESS

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf '\033[1;31merror:\033[0m %s\n' "$*" >&2
  exit 1
}

# Whether $1 is a uv that runs and is recent enough to know Python 3.14.
uv_is_usable() {
  local version
  version="$("$1" --version 2>/dev/null)" || return 1
  version="${version#uv }"
  [ "$(printf '%s\n%s\n' "$MIN_UV" "${version%% *}" | sort -V | head -n 1)" = "$MIN_UV" ]
}

# Sets UV, the path of a uv. Gets one from the package index where there is none.
find_uv() {
  local candidate
  for candidate in "$(command -v uv || true)" "$HOME/.local/bin/uv" "$CACHE/uv/bin/uv"; do
    if [ -n "$candidate" ] && uv_is_usable "$candidate"; then
      UV="$candidate"
      return
    fi
  done
  command -v python3 >/dev/null || die "neither uv nor python3 is there. Install uv (https://docs.astral.sh/uv/) and try again."
  say "Installing uv into $CACHE/uv"
  rm -rf "$CACHE/uv" && mkdir -p "$CACHE"
  if python3 -m venv "$CACHE/uv" 2>/dev/null; then
    "$CACHE/uv/bin/python" -m pip install --quiet --require-hashes --requirement "$ROOT/requirements/uv.txt" ||
      die "uv could not be installed. Check the network, or install uv yourself, and try again."
  elif python3 -m pip --version >/dev/null 2>&1; then # without Debian's python3-venv; a target is allowed everywhere
    python3 -m pip install --quiet --require-hashes --target "$CACHE/uv" --requirement "$ROOT/requirements/uv.txt" ||
      die "uv could not be installed. Check the network, or install uv yourself, and try again."
  else
    die "python3 has neither venv nor pip. Install uv, or your distribution's python3-venv package, and try again."
  fi
  UV="$CACHE/uv/bin/uv"
  uv_is_usable "$UV" || die "the uv just installed into $CACHE/uv does not run. Install uv yourself and try again."
}

# Whether $1 is a Python that Home Assistant runs on and whose SQLite loads extensions.
python_is_usable() {
  [ -x "$1" ] && "$1" -c '
import sys, ssl, ctypes, sqlite3
sqlite3.connect(":memory:").enable_load_extension(True)
sys.exit(not (3, 14, 2) <= sys.version_info < (3, 15))' 2>/dev/null
}

# Sets PYTHON, the path of a Python 3.14. Installs one (for this project only) where there is none.
find_python() {
  PYTHON="$("$UV" python find --no-project --system "$PYTHON_REQUEST" 2>/dev/null || true)"
  python_is_usable "$PYTHON" && return
  PYTHON="$CACHE/python314/usr/bin/python3.14"
  python_is_usable "$PYTHON" && return
  say "Installing Python 3.14 with uv"
  if UV_HTTP_RETRIES="${UV_HTTP_RETRIES:-1}" "$UV" python install --quiet 3.14 2>/dev/null; then
    PYTHON="$("$UV" python find --no-project --managed-python "$PYTHON_REQUEST" 2>/dev/null || true)"
    python_is_usable "$PYTHON" && return
  fi
  say "uv could not download one; trying this system's package archive"
  PYTHON="$(UV="$UV" "$ROOT/scripts/python314_from_debian" "$CACHE/python314" | tail -n 1)" || PYTHON=""
  python_is_usable "$PYTHON" ||
    die "no Python 3.14.2 or later was found, and none could be installed. Install one (https://docs.astral.sh/uv/guides/install-python/) and try again."
}

# install_requirements FOLDER REQUIREMENTS: shows progress on a terminal, and in a log no line per package.
install_requirements() {
  local sync=("$UV" pip sync --require-hashes --python "$1/bin/python" "$2")
  if [ -t 2 ]; then "${sync[@]}"; else "${sync[@]}" 2>&1 | sed '/^ [-+~] /d'; fi
}

# sync_environment FOLDER REQUIREMENTS: makes the environment hold exactly the locked requirements. Instant when it does.
sync_environment() {
  local folder="$ROOT/$1" requirements="$ROOT/requirements/$2" stamp wanted headers
  stamp="$folder/.requirements"
  wanted="$(cksum <"$requirements")"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && python_is_usable "$folder/bin/python"; then
    return
  fi
  [ -n "${UV:-}" ] || find_uv
  if ! python_is_usable "$folder/bin/python"; then
    [ -n "${PYTHON:-}" ] || find_python
    say "Creating $1 with $("$PYTHON" --version)"
    "$UV" venv --quiet --no-project --clear --python "$PYTHON" "$folder"
  fi
  rm -f "$stamp"
  say "Installing requirements/$2 into $1"
  # The headers of a Python that was unpacked rather than installed are not where a compiler looks.
  headers="$CACHE/python314/usr/include"
  [ ! -d "$headers" ] || export CPATH="$headers:$headers/python3.14${CPATH:+:$CPATH}"
  install_requirements "$folder" "$requirements" >&2 ||
    die "the requirements could not be installed: see above. Check the network, and that a C++ compiler is there, and try again."
  printf '%s\n' "$wanted" >"$stamp"
}
