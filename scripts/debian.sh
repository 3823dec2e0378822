# Sourced by scripts that need files of Debian packages: unpacks them into a folder, without installing anything.
# Needs apt-get and dpkg, no root. The caller defines die.
# shellcheck shell=bash

# The archive that this machine already uses, without the one for security updates, which lacks whole suites.
debian_mirror() {
  # shellcheck disable=SC2016 # $(REPO_URI) is apt's to replace
  apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1
}

# unpack_debian_packages FOLDER SUITE ARCHITECTURE PACKAGE...: unpacks them below the folder, which exists.
unpack_debian_packages() {
  local root="$1" suite="$2" architecture="$3" apt mirror deb
  shift 3
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then die "this is not a Debian system"; fi
  mirror="$(debian_mirror || true)"
  if [ -z "$mirror" ] && [ "$(id -u)" = 0 ]; then # a new container knows its archive only after an update
    apt-get -qq update >&2 || true
    mirror="$(debian_mirror || true)"
  fi
  [ -n "$mirror" ] || die "apt-get names no Debian archive here"
  mkdir -p "$root/apt/lists/partial" "$root/debs"
  echo "deb [arch=$architecture signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$root/apt/sources.list"
  apt=(
    apt-get -qq
    -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o "Dir::Etc::sourcelist=$root/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::Lists=$root/apt/lists" -o "Dir::Cache=$root/apt" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o "APT::Sandbox::User=$(id -un)"
  )
  "${apt[@]}" update >&2 || die "the package lists of Debian $suite could not be read"
  (cd "$root/debs" && "${apt[@]}" download "$@") >&2 || die "Debian $suite does not hold the packages $*"
  for deb in "$root"/debs/*.deb; do dpkg -x "$deb" "$root"; done
  rm -rf "$root/debs" "$root/apt"
}
