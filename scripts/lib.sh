# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
#
# What the scripts share, sourced by them: where the checkout is, which PostgreSQL to use, set-up
# from Debian's packages, the build, and a user who may run servers.
#
#   $top           the checkout
#   $pg_config     pg_config of the PostgreSQL used, $pg_major its version, $bindir its programs
#   $work          a private temporary directory of the server user, removed at exit
#   $server_user   who runs servers: never root
#
# Set PG_CONFIG to use another PostgreSQL than the one Debian offers.

set -u
umask 022
unset CDPATH MAKEFLAGS MAKELEVEL
for variable in ${!PG@}; do  # somebody's PGHOST must not lead us to his server
  [ "$variable" = PG_CONFIG ] || unset "$variable"
done
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin  # an ordinary user's PATH lacks dpkg's helpers

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1
me=scripts/$(basename "$0")
is_root=false
[ "$(id -u)" -eq 0 ] && is_root=true
oldest_major=15
server_user=$(id -un)
work=
small_disk=  # mounted by scripts/test
child=

say() { printf '%s\n' "$*"; }

die() {
  printf '%s: %s\n' "$me" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# --- Leaving nothing behind -------------------------------------------------------------------

# Runs a command in a directory so that a signal to this script reaches it too: in a process group
# of its own, waited for in the background. Never sudo, which wants the terminal.
supervise() {
  local directory=$1
  shift
  setsid env --default-signal=INT,QUIT -C "$directory" "$@" </dev/null &
  child=$!
  wait "$child"
  local status=$?
  child=
  return "$status"
}

# Stops every server whose data directory is below a directory.
stop_servers() {
  local pidfile
  while IFS= read -r pidfile; do
    as_server_user "$bindir/pg_ctl" stop -s -m immediate -D "${pidfile%/postmaster.pid}" \
      >/dev/null 2>&1
  done < <(find "$1" -name postmaster.pid 2>/dev/null)
}

# Waits until no initdb runs in the process group of $child: killed, it would leave shared memory
# behind, and it takes a second.
await_initdb() {
  local tries=100
  while [ $((tries--)) -gt 0 ] && grep -qsE "\(initdb\) . [0-9]+ $child " /proc/[0-9]*/stat; do
    sleep 0.1
  done
}

# Asks what supervise started to end.
end_child() {
  [ -n "$child" ] || return 0
  await_initdb
  kill -TERM -- "-$child" 2>/dev/null
}

end_jobs() { :; }  # a script that runs several things at once has its own

clean_up() {
  trap '' INT TERM HUP
  end_child
  end_jobs
  if [ -n "$work" ]; then
    stop_servers "$work"
  fi
  if [ -n "$child" ]; then
    kill -KILL -- "-$child" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  if [ -n "$work" ]; then
    stop_servers "$work"  # one may have been about to start
    [ -z "$small_disk" ] || umount -l "$small_disk"
    rm -rf "$work"
  fi
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- Which PostgreSQL -------------------------------------------------------------------------

# Whether a pg_config's server headers are installed. Its PGXS makefile alone says little: Debian
# ships that with the client.
has_headers() {
  [ -x "$1" ] && [ -f "$("$1" --pgxs)" ] && [ -f "$("$1" --includedir-server)/postgres.h" ]
}

# The major versions that are installed with server and headers, newest first.
installed_majors() {
  local dir
  for dir in /usr/lib/postgresql/[1-9][0-9]; do
    [ "${dir##*/}" -ge "$oldest_major" ] 2>/dev/null && [ -x "$dir/bin/postgres" ] &&
      has_headers "$dir/bin/pg_config" && echo "${dir##*/}"
  done | sort -rn
}

# The major version that Debian's package postgresql stands for.
offered_major() {
  apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1
}

choose_postgres() {
  pg_config=${PG_CONFIG:-}
  if [ -n "$pg_config" ]; then
    pg_config=$(command -v "$pg_config") || die "PG_CONFIG=$PG_CONFIG is not a program"
    pg_major=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
    bindir=$("$pg_config" --bindir)
  else
    pg_major=$(installed_majors | head -1)
    if [ -z "$pg_major" ]; then
      need_apt "postgresql-NN postgresql-server-dev-NN (NN: $oldest_major or later)"
      pg_major=$(offered_major)
      [ -n "$pg_major" ] || apt_update
      [ -n "$pg_major" ] || pg_major=$(offered_major)
      [ -n "$pg_major" ] || die "apt offers no package postgresql" \
        "Install PostgreSQL $oldest_major or later with its server headers, and set PG_CONFIG."
    fi
    bindir=/usr/lib/postgresql/$pg_major/bin
    pg_config=$bindir/pg_config
  fi
  [ "$pg_major" -ge "$oldest_major" ] ||
    die "PostgreSQL $pg_major is not supported: pg_detid needs $oldest_major or later" \
      "Set PG_CONFIG to the pg_config of a later one."
}

# --- Set-up from Debian's packages ------------------------------------------------------------

# Whether what a package is wanted for is at hand, however it came.
have() {
  case $1 in
    postgresql-server-dev-*) has_headers "$pg_config" ;;
    postgresql-[0-9]*) [ -x "$bindir/postgres" ] && [ -x "$bindir/initdb" ] ;;
    g++ | gcc | make | cmake | pkg-config | spin | gdb | npm | python3 | pgbouncer) command -v "$1" >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    clang) find_clang ;;
    libclang-rt-*) find_clang && fuzzer_links ;;
    libsodium-dev) pkg-config --exists libsodium 2>/dev/null ;;
    libpq-dev) [ -r "$("$pg_config" --includedir)/libpq-fe.h" ] ;;
    libgtest-dev) pkg-config --exists gtest 2>/dev/null ;;
    libipc-run-perl) perl -MIPC::Run -e1 2>/dev/null ;;
    perl) command -v prove >/dev/null ;;
    iso-codes) [ -r /usr/share/iso-codes/json/iso_3166-2.json ] ;;
    *) dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed ;;
  esac
}

# Sets $clang to the newest clang++ there is.
find_clang() {
  clang=$(command -v clang++ || compgen -c clang++- | grep -x 'clang++-[0-9]*' | sort -V | tail -1)
  [ -n "$clang" ]
}

# Whether clang's fuzzer and sanitizer runtimes are installed.
fuzzer_links() {
  local dir status
  dir=$(mktemp -d) || return 1
  printf 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }\n' >"$dir/f.cpp"
  "$clang" -fsanitize=fuzzer,address,undefined -o "$dir/f" "$dir/f.cpp" 2>/dev/null
  status=$?
  rm -rf "$dir"
  return "$status"
}

need_apt() {
  command -v apt-get >/dev/null ||
    die "this system has no apt-get; install what corresponds to these packages of Debian:" "$1"
}

# Fails if this user cannot become root. $1: the command that needs it.
need_root() {
  $is_root && return
  command -v sudo >/dev/null ||
    die "this needs root, and there is no sudo; as root, run" "$1" "and start $me again"
  sudo true || die "this needs root, and sudo refuses; as root, run" "$1" "and start $me again"
}

as_root() {
  if $is_root; then "$@"; else sudo "$@"; fi
}

apt_update() {
  local log
  need_root "apt-get update"
  say "reading the lists of Debian's packages"
  log=$(as_root apt-get -q update 2>&1) || die "apt-get update failed:" "$log"
}

# Installs without starting anything: Debian's PostgreSQL would make a cluster and start it.
apt_install() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    conf=/etc/postgresql-common/createcluster.d/pg_detid.conf
    trap "rm -f $conf" EXIT
    trap "exit 1" HUP INT TERM
    mkdir -p "${conf%/*}" && echo "create_main_cluster = false" >"$conf" || exit 1
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
  ' sh "$@" </dev/null 2>&1
}

# Sees to it that packages are installed. Does nothing, and needs no network, if all are.
setup() {
  local package log missing=()
  for package; do
    have "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  need_apt "${missing[*]}"
  need_root "apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  say "installing ${missing[*]}"
  if ! apt-get install --simulate --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    apt_update
  fi
  if ! log=$(apt_install "${missing[@]}"); then
    apt_update  # the lists may have been older than what the mirror still has
    log=$(apt_install "${missing[@]}") ||
      die "apt-get install ${missing[*]} failed:" "$(tail -n 20 <<<"$log")"
  fi
  for package in "${missing[@]}"; do
    have "$package" || die "package $package was installed, yet what it is for was not found"
  done
}

# What building the extension and running it on a server takes.
setup_extension() {
  choose_postgres
  setup g++ make pkg-config libsodium-dev nlohmann-json3-dev libpq-dev "postgresql-server-dev-$pg_major" "postgresql-$pg_major"
  choose_server_user
}

# --- Servers ----------------------------------------------------------------------------------

# Servers do not start as root: root steps down to the user whom Debian's package made.
choose_server_user() {
  if $is_root; then
    server_user=postgres
    id "$server_user" >/dev/null 2>&1 ||
      die "servers do not start as root, and there is no user postgres; run" \
        "useradd --system --home-dir /nonexistent --shell /bin/sh postgres"
  fi
}

as_server_user() {
  if $is_root; then
    (cd / && exec runuser -u "$server_user" -- "$@")
  else
    "$@"
  fi
}

# As supervise, but as the server user, who leaves no files but in $work.
supervise_server() {
  local directory=$1 step_down=()
  shift
  if $is_root; then step_down=(runuser -u "$server_user" --); fi
  supervise "$directory" "${step_down[@]}" env HOME="$work" TMPDIR="$work/tmp" "$@"
}

# Makes a directory that belongs to the server user. In /tmp, for a socket's path is short.
server_directory() {
  local dir
  dir=$(mktemp -d "/tmp/$1.XXXXXX") || die "cannot make a directory in /tmp"
  if $is_root; then
    chown "$server_user": "$dir" || die "cannot give $dir to $server_user"
  fi
  printf '%s\n' "$dir"
}

make_work() {
  work=$(server_directory pg_detid) && as_server_user mkdir "$work/tmp" || exit 1
}

# --- The extension ----------------------------------------------------------------------------

jobs=$(nproc 2>/dev/null || echo 2)

check_writable() {
  local foreign
  foreign=$(find "$top" -path "$top/.git" -prune -o ! -writable -print -quit 2>/dev/null)
  [ -z "$foreign" ] || die "$foreign cannot be written by $(id -un); run" \
    "sudo chown -R $(id -un): $top"
}

# Builds the extension for $pg_config; objects made for another PostgreSQL are thrown away.
build_extension() {
  local made_for="$top/build/made_for" now
  now="$pg_config $("$pg_config" --version)"
  mkdir -p "$top/build" || return 1
  if [ "$(cat "$made_for" 2>/dev/null)" != "$now" ]; then
    rm -f "$made_for"
    supervise "$top" make --no-print-directory PG_CONFIG="$pg_config" clean || return 1
  fi
  supervise "$top" make --no-print-directory -j "$jobs" PG_CONFIG="$pg_config" || return 1
  printf '%s\n' "$now" >"$made_for"
}

is_installed() {
  local file dir
  dir=$("$pg_config" --sharedir)/extension
  for file in "$top"/pg_detid.control "$top"/pg_detid--*.sql "$top"/sql/upgrade/*.sql; do
    [ ! -e "$file" ] || cmp -s "$file" "$dir/${file##*/}" || return 1
  done
  cmp -s "$top/detid" "$bindir/detid" &&
    cmp -s "$top/pg_detid.so" "$("$pg_config" --pkglibdir)/pg_detid.so"
}

# Installs what build_extension built, unless it is installed already.
install_extension() {
  local install=(make -C "$top" --no-print-directory PG_CONFIG="$pg_config" install)
  is_installed && return
  if [ -w "$("$pg_config" --pkglibdir)" ] && [ -w "$("$pg_config" --sharedir)" ] && [ -w "$bindir" ]; then
    "${install[@]}"
  else
    need_root "${install[*]}"
    as_root "${install[@]}"
  fi
}
