#!/bin/sh
# Builds each test program of this folder into BUILD/unit: NAME_test.c and
# the sources named below. The compiler and its flags come from the Makefile.

set -eu

mkdir -p "$BUILD/unit"

build() {
	name=$1
	shift
	out=$BUILD/unit/$name
	if [ -e "$out" ] && [ -z "$(find "regress/unit/$name.c" \
	    regress/unit/*.h "$@" common/*.h common/compat/*.h broker/*.h \
	    priv/*.h priv/*/*.h worker/*.h config.mk "$BUILD/kind" -newer "$out")" ]; then
		return
	fi
	echo "unit: $name"
	# Lists of words, all of them.
	# shellcheck disable=SC2086
	$CC $CFLAGS -o "$out" "regress/unit/$name.c" "$@" $LDFLAGS $LIBS
}

# The same for one that counts what is allocated (alloc_util.h).
counting() {
	before=$LDFLAGS
	for f in malloc calloc reallocarray free mmap munmap; do
		LDFLAGS="$LDFLAGS -Wl,--wrap=$f"
	done
	build "$@"
	LDFLAGS=$before
}

# With the system's own imsg there is nothing of ours to test.
if [ -n "$IMSG_SRC" ]; then
	for t in imsg_test imsg_fd_test imsg_flow_test ibuf_test; do
		# shellcheck disable=SC2086
		build $t $IMSG_SRC
	done
	# shellcheck disable=SC2086
	counting imsg_spare_test $IMSG_SRC
fi
build etf_test common/etf.c common/etf_write.c
build proto_test common/proto.c common/compat/ptymodes.c
build modes_test common/compat/ptymodes.c
# shellcheck disable=SC2086
build dispatch_test common/dispatch.c common/log.c $IMSG_SRC $SEND_SRC
build options_test broker/options.c broker/modes.c broker/strings.c \
    broker/request.c common/capname.c common/etf.c common/etf_write.c \
    common/proto.c common/compat/ptymodes.c common/log.c
build frame_test broker/frame.c common/etf.c common/etf_write.c common/log.c
# shellcheck disable=SC2086
build stream_test common/log.c $SPLICE_SRC $STREAM_SRC
counting queue_test worker/queue.c
build environ_test priv/environ.c common/proto.c common/compat/ptymodes.c \
    common/log.c
build timer_test priv/base/timer.c
build policy_test priv/policy/rule.c priv/policy/read.c priv/policy/resolve.c \
    priv/policy/userenv.c \
    priv/policy/match.c priv/check/check.c \
    priv/check/path.c priv/policy/environ_name.c "$PARSE_C" \
    common/proto.c common/compat/ptymodes.c
# shellcheck disable=SC2086
build sandbox_test common/log.c $BOX_SRC
case $BOX_SRC in
*landlock_linux.c*)
	build landlock_test common/log.c common/compat/landlock_linux.c
	;;
*) rm -f "$BUILD/unit/landlock_test" ;;
esac
