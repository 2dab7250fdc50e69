#!/bin/sh
# Prints the path of a Consul binary: the one in CONSUL_BIN, the one on PATH, the cached one, or, on Debian and its kin,
# the one in the bullseye package, fetched with apt from the mirror apt itself uses. Prints one line of reason on stderr and
# exits with 1 where none can be had.
#
# Nothing of the system is changed: apt gets list, state and cache folders of its own. The package is checked twice: by apt
# against the archive's signature, and here against the digest this project was built with.
#
# Usage: fetch.sh [cache folder]
set -eu

version=1.8.7
digest_amd64=e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

refuse() {
  echo "No Consul binary: $1" >&2
  exit 1
}

if [ -n "${CONSUL_BIN:-}" ]; then
  [ -x "$CONSUL_BIN" ] || refuse "CONSUL_BIN names \"$CONSUL_BIN\", which is not an executable file"
  echo "$CONSUL_BIN"
  exit 0
fi
if command -v consul >/dev/null 2>&1; then
  command -v consul
  exit 0
fi

cache=${1:-${TMPDIR:-/tmp}/otpts-consul}
binary=$cache/consul-$version/consul
if [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi

for tool in apt-get dpkg-deb sha256sum tar; do
  command -v "$tool" >/dev/null 2>&1 || refuse "it is neither in CONSUL_BIN nor on PATH, and there is no $tool to fetch it with"
done
[ -r "$keyring" ] || refuse "apt has no Debian archive keyring to check the package with"
mkdir -p "$cache" 2>/dev/null || refuse "the cache folder \"$cache\" cannot be made"

# Two test files may fetch at once: each works in a folder of its own, and the last step is one rename.
work=$(mktemp -d "$cache/fetch.XXXXXX") || refuse "the cache folder \"$cache\" cannot be written"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# apt knows its mirror; the security archive does not carry the suite wanted here. On a machine where nobody has read the
# lists yet apt tells nothing: then they are read, into a folder of our own.
mirror_of() {
  apt-get "$@" indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 2>/dev/null |
    grep -v security | sort -u | head -n 1
}
mirror=$(mirror_of) || true
if [ -z "$mirror" ]; then
  mkdir -p "$work/system/partial"
  apt-get -q -o "Dir::State::Lists=$work/system" -o APT::Sandbox::User=root -o Acquire::Retries=3 update >"$work/log" 2>&1 ||
    refuse "apt cannot read its lists: $(tail -n 1 "$work/log")"
  mirror=$(mirror_of -o "Dir::State::Lists=$work/system") || true
fi
[ -n "$mirror" ] || refuse "apt names no mirror"

mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/state"
echo "deb [signed-by=$keyring] $mirror bullseye main" >"$work/sources.list"
own_apt() {
  apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State=$work/state" \
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root \
    -o Acquire::Retries=3 -o Acquire::Languages=none "$@"
}
own_apt update >"$work/log" 2>&1 || refuse "apt cannot read its mirror's bullseye suite: $(tail -n 1 "$work/log")"
(cd "$work" && own_apt download consul >"$work/log" 2>&1) || refuse "apt cannot download it: $(tail -n 1 "$work/log")"

package=$(echo "$work"/consul_*.deb)
[ -f "$package" ] || refuse "apt downloaded nothing"
if [ "$(dpkg --print-architecture)" = amd64 ]; then
  echo "$digest_amd64  $package" | sha256sum -c - >/dev/null 2>&1 || refuse "the package's SHA-256 is not the one expected"
fi

mkdir "$work/consul-$version"
dpkg-deb --fsys-tarfile "$package" | tar -xO ./usr/bin/consul >"$work/consul-$version/consul"
chmod 755 "$work/consul-$version/consul"
"$work/consul-$version/consul" version >/dev/null 2>&1 || refuse "the binary in the package does not run here"
mv "$work/consul-$version" "$cache/" 2>/dev/null || [ -x "$binary" ] || refuse "the cache folder \"$cache\" cannot be written"
echo "$binary"
