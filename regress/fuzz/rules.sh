#!/bin/sh
# Writes how each harness of this folder is linked, as rules for make:
# BUILD/fuzz/NAME from NAME_fuzz.c, the engine, and the sources named below.
# The lists of sources come from the Makefile, which calls this.

set -eu

all=
# shellcheck disable=SC2086
harness() {
	name=$1
	wrap=
	for f in $2; do
		wrap="$wrap -Wl,--wrap=$f"
	done
	shift 2
	all="$all \$(BUILD)/fuzz/$name"
	objects="\$(OBJ)/regress/fuzz/${name}_fuzz.o \$(OBJ)/regress/fuzz/util.o"
	for source; do
		objects="$objects \$(OBJ)/${source%.c}.o"
	done
	echo "\$(BUILD)/fuzz/$name: $objects \$(ENGINE_OBJ) \$(BUILD)/kind"
	echo "	@echo \"fuzz: $name\""
	echo "	@mkdir -p \$(BUILD)/fuzz"
	echo "	@\$(LINK) \$@ $objects \$(ENGINE_OBJ) \$(ENGINE_FLAGS)" \
	    "\$(ALL_LDFLAGS)$wrap \$(EVENT_LIBS) \$(CAP_LIBS) \$(BSD_LIBS)"
}

# Nothing that comes in there may end the process.
strict=regress/fuzz/fatal.c
# shellcheck disable=SC2086
{
	harness messages "" $strict regress/fuzz/oracle.c $PROTO_SRC \
	    common/compat/ptymodes.c
	harness frames read $strict regress/fuzz/oracle.c \
	    regress/fuzz/request_state.c broker/options.c $SPLICE_SRC \
	    broker/bounds.c broker/ttymodes.c broker/strings.c broker/leaf.c \
	    common/limitname.c common/cpulist.c common/leaf_limit.c \
	    common/capname.c common/etf_read.c $PROTO_SRC \
	    common/compat/ptymodes.c
	harness term "" $strict regress/fuzz/termcopy.c common/etf_read.c \
	    common/etf_write.c
	[ -z "$IMSG_SRC" ] || harness imsg recvmsg $strict common/dispatch.c \
	    common/channel.c $IMSG_SRC $SEND_SRC $PROTO_SRC \
	    common/compat/ptymodes.c
	harness policy "" $strict regress/fuzz/people.c $RULE_SRC $PROTO_SRC common/compat/ptymodes.c
	harness keeper clock_gettime $strict regress/fuzz/oracle.c \
	    priv/keeper/request.c priv/keeper/end.c priv/keeper/freeze.c \
	    priv/keeper/event.c priv/keeper/leaf.c priv/keeper/limits.c \
	    priv/keeper/stats.c common/timer.c common/cpulist.c \
	    common/leaf_limit.c $PROTO_SRC common/compat/ptymodes.c \
	    common/compat/cgroup_hold.c
	harness check "" $strict regress/fuzz/people.c priv/check/check.c \
	    priv/check/path.c priv/check/limit.c $RULE_SRC $PROTO_SRC \
	    common/compat/ptymodes.c
	[ -z "$IMSG_SRC" ] || harness switch "kill getpgid clock_gettime" \
	    $strict regress/fuzz/death_state.c regress/fuzz/stop_state.c \
	    task/peer.c task/request.c task/ask.c task/stream.c task/stray.c \
	    task/source.c task/tell.c task/table.c task/message.c task/rows.c \
	    common/timer.c common/channel.c common/dispatch.c \
	    common/etf_write.c $EVSET_SRC $SPLICE_SRC $STREAM_SRC \
	    $STREAM_IO_SRC $IMSG_SRC $SEND_SRC
	harness args "" $strict regress/fuzz/people.c
	harness launcher "" $strict regress/fuzz/oracle.c regress/fuzz/input.c \
	    regress/fuzz/input_run.c regress/fuzz/launcher_state.c \
	    priv/launcher/environ.c priv/launcher/bounds.c common/leafset.c \
	    common/limitname.c common/signals.c common/compat/pty.c \
	    $BOUNDS_SRC $PRIVS_SRC $PROC_SRC $SELF_SRC $PROTO_SRC \
	    common/compat/ptymodes.c
	# Its timer is the engine's.
	tickless=
	for f in $STREAM_IO_SRC; do
		[ "${f##*/}" = stream_tick.c ] || tickless="$tickless $f"
	done
	harness worker clock_gettime $strict regress/fuzz/events.c \
	    regress/fuzz/node_view.c regress/fuzz/oracle.c \
	    regress/fuzz/input.c regress/fuzz/port_state.c \
	    regress/fuzz/tick_state.c worker/relay.c worker/feed.c \
	    worker/dispatch.c worker/child.c worker/pty.c worker/reply.c \
	    worker/event.c worker/leaf.c worker/term.c worker/idle.c \
	    worker/notify.c worker/pipe.c worker/callback.c \
	    worker/zerocopy.c worker/queue.c worker/hello.c \
	    common/etf_write.c common/etf_read.c common/fdset.c \
	    common/errname.c common/compat/pty.c $SPLICE_SRC $STREAM_SRC \
	    $tickless $PROTO_SRC common/compat/ptymodes.c
	harness taskargs "" $strict task/args.c task/call.c task/cstruct.c \
	    task/constant.c task/owned.c task/rows.c common/etf_read.c \
	    common/etf_write.c
}
echo "FUZZERS =$all"
