#!/bin/sh
# Installs what building, testing and the demo need. Elsewhere than on Debian
# and its kin it prints what to install.

set -u

PACKAGES="gcc libc6-dev make bmake pkg-config byacc
libbsd-dev libevent-dev libcap-dev libcmocka-dev
erlang-base erlang-dev erlang-eunit erlang-tools erlang-parsetools
erlang-common-test erlang-dialyzer erlang-edoc erlang-proper rebar3
clang clang-tidy clang-format cppcheck shellcheck mandoc
python3-minimal python3 procps strace valgrind gnuplot-nox"

if ! command -v apt-get >/dev/null; then
	cat <<'EOF'
This system has no apt-get. Install, by whatever name they go here:

  Fedora   gcc make bmake pkgconf byacc libbsd-devel libevent-devel libcap-devel
           libcmocka-devel erlang rebar3 clang clang-tools-extra cppcheck
           ShellCheck mandoc python3 procps-ng strace valgrind gnuplot
  Alpine   gcc musl-dev make bmake pkgconf bison libbsd-dev libevent-dev
           libcap-dev cmocka-dev erlang erlang-dev rebar3 clang
           clang-extra-tools cppcheck shellcheck mandoc python3 procps
           strace valgrind gnuplot
  OpenBSD  cmocka erlang python3 (imsg, libevent and yacc are in base)
EOF
	exit 0
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
