#!/bin/sh
# Dialyzer over the application; any warning is an error. What it has to know
# of OTP is collected once, which takes a minute, and kept in build/.

set -eu
cd "$(dirname "$0")"
if ! command -v dialyzer >/dev/null; then
	echo "dialyzer: not installed, left out"
	exit 0
fi
sh ./build.sh
plt=../../build/otp.plt
mkdir -p ../../build
if [ ! -e "$plt" ]; then
	echo "dialyzer: $plt"
	dialyzer --quiet --build_plt --output_plt "$plt" \
	    --apps erts kernel stdlib
fi
echo "dialyzer: client/proctor"
dialyzer --quiet --plt "$plt" -Wunmatched_returns -Werror_handling \
    -Wunknown ebin/*.beam
