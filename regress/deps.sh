#!/bin/sh
# Installs what building, testing and the demo need; with "dev" also what lint
# and the benchmarks do. Elsewhere than on Debian and its kin it prints what to
# install.
#
#	deps.sh [dev]

set -u

PACKAGES="gcc libc6-dev make byacc pkg-config
libbsd-dev libevent-dev libcap-dev libcmocka-dev
erlang-base erlang-dev erlang-eunit erlang-tools erlang-parsetools
erlang-common-test erlang-proper
python3-minimal python3 procps strace valgrind"
DEV="bmake clang llvm afl++ clang-tidy clang-format cppcheck shellcheck mandoc
erlang-dialyzer erlang-edoc rebar3 elixir gnuplot-nox bpftrace
git dpkg-dev debhelper lintian debootstrap apparmor systemd"

if ! command -v apt-get >/dev/null; then
	cat <<'EOF'
This system has no apt-get. Install, by whatever name they go here:

  Fedora   gcc make pkgconf byacc libbsd-devel libevent-devel libcap-devel
           libcmocka-devel erlang python3 procps-ng strace valgrind
  Alpine   gcc musl-dev make pkgconf bison libbsd-dev libevent-dev libcap-dev
           cmocka-dev erlang erlang-dev python3 procps strace valgrind
  OpenBSD  cmocka erlang python3 (imsg, libevent and yacc are in base)

and for lint and the benchmarks:

  Fedora   bmake clang clang-tools-extra cppcheck ShellCheck mandoc rebar3
           elixir gnuplot bpftrace
  Alpine   bmake clang clang-extra-tools cppcheck shellcheck mandoc rebar3
           elixir gnuplot bpftrace
EOF
	exit 0
fi
case ${1:-} in
dev) PACKAGES="$PACKAGES $DEV" ;;
esac

# Where there is no such package its cases are skipped.
if [ "${1:-}" = dev ] && [ "$(dpkg --print-architecture)" = amd64 ]; then
	PACKAGES="$PACKAGES user-mode-linux"
fi

missing=
for p in $PACKAGES; do
	if ! dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
	    grep -q 'ok installed'; then
		missing="$missing $p"
	fi
done
if [ -z "$missing" ]; then
	echo "deps: all there"
	exit 0
fi
echo "deps: installing$missing"
sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
fi
# The package names are words.
# shellcheck disable=SC2086
{
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
	    $sudo env DEBIAN_FRONTEND=noninteractive \
	        apt-get install -q -y --no-install-recommends $missing
}
