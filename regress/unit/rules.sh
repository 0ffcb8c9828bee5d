#!/bin/sh
# Writes how each test program of this folder is linked, as rules for make:
# BUILD/unit/NAME from the objects of NAME.c and of the sources named below.
# The lists of sources come from the Makefile, which calls this.

set -eu

units=
without=
wrap=
build() {
	name=$1
	shift
	units="$units \$(BUILD)/unit/$name"
	objects="\$(OBJ)/regress/unit/$name.o \$(OBJ)/regress/unit/choose.o"
	for source; do
		# The messages are several files.
		test "$source" != common/proto.c || source=$PROTO_SRC
		test "$source" != priv/monitor/contain.c ||
			source="$source priv/monitor/keep.c common/leafset.c"
		for part in $source; do
			objects="$objects \$(OBJ)/${part%.c}.o"
		done
	done
	echo "\$(BUILD)/unit/$name: $objects \$(BUILD)/kind"
	echo "	@echo \"unit: $name\""
	echo "	@\$(LINK) \$@ $objects \$(ALL_LDFLAGS)$wrap" \
	    "\$(CMOCKA_LIBS) \$(BSD_LIBS)"
}

# The same with functions that it has of its own, the first word's.
wrapping() {
	for f in $1; do
		wrap="$wrap -Wl,--wrap=$f"
	done
	shift
	build "$@"
	wrap=
}

# One that counts what is allocated (alloc_util.h).
counting() {
	wrapping "malloc calloc reallocarray free mmap mmap64 munmap" "$@"
}

# One of priv/monitor (monitor_util.h), with what nearly all of that is above
# of. Files that are not named are replaced.
monitoring() {
	wrapping "kill waitid wait4 getpgid setpgid getpriority \
	    setpriority poll close clock_gettime" "$@" \
	    regress/unit/monitor_util.c priv/monitor/child.c \
	    priv/monitor/phase.c priv/monitor/watch.c priv/monitor/group.c \
	    priv/monitor/left.c common/timer.c common/signals.c \
	    common/reap.c \
	    common/proto.c common/compat/ptymodes.c
}

# With the system's own imsg there is nothing of ours to test.
if [ -n "$IMSG_SRC" ]; then
	for t in imsg_test imsg_fd_test ibuf_test; do
		# shellcheck disable=SC2086
		build $t $IMSG_SRC
	done
	# shellcheck disable=SC2086
	counting imsg_flow_test $IMSG_SRC
	# shellcheck disable=SC2086
	wrapping "sendmsg poll clock_gettime" imsg_flight_test $IMSG_SRC
else
	without="imsg_test imsg_fd_test imsg_flow_test ibuf_test imsg_flight_test"
fi
build etf_test common/etf_read.c common/etf_write.c
build proto_test common/proto.c regress/unit/unpack.c common/compat/ptymodes.c
build proto_leaf_test common/proto.c common/compat/ptymodes.c
build modes_test common/compat/ptymodes.c
build cpulist_test common/cpulist.c
build size_test priv/policy/size.c
# shellcheck disable=SC2086
build dispatch_test common/dispatch.c common/channel.c common/log.c $IMSG_SRC $SEND_SRC
build options_test broker/options.c broker/bounds.c broker/ttymodes.c \
    broker/strings.c broker/leaf.c common/limitname.c common/cpulist.c \
    common/leaf_limit.c \
    broker/request.c common/capname.c common/etf_read.c common/etf_write.c \
    common/proto.c common/compat/ptymodes.c common/log.c regress/unit/unpack.c
build task_args_test regress/unit/task_util.c task/args.c task/call.c task/cstruct.c \
    task/constant.c task/owned.c task/rows.c common/etf_read.c \
    common/etf_write.c
# shellcheck disable=SC2086
build frame_test broker/frame.c common/etf_read.c common/etf_write.c common/log.c $SPLICE_SRC
# shellcheck disable=SC2086
build stream_test common/log.c $SPLICE_SRC $STREAM_SRC $STREAM_IO_SRC
# shellcheck disable=SC2086
build fdset_test common/fdset.c common/log.c $STREAM_SRC
counting queue_test worker/queue.c
# shellcheck disable=SC2086
wrapping clock_gettime wchild_test worker/child.c worker/relay.c worker/feed.c \
    worker/idle.c worker/queue.c worker/callback.c \
    worker/pipe.c common/proto.c common/compat/ptymodes.c common/log.c \
    $SPLICE_SRC $STREAM_SRC $STREAM_IO_SRC
build port_test worker/port.c worker/queue.c worker/callback.c common/log.c \
    common/compat/stream_tick.c
build wterm_test worker/event.c worker/leaf.c worker/reply.c worker/hello.c worker/term.c \
    common/etf_write.c common/errname.c common/etf_read.c common/proto.c \
    common/compat/ptymodes.c common/log.c
build keeper_limits_test priv/keeper/limits.c common/cpulist.c \
    common/leaf_limit.c common/proto.c common/compat/ptymodes.c
build keeper_stats_test priv/keeper/stats.c
wrapping clock_gettime keeper_leaf_test priv/keeper/request.c \
    priv/keeper/end.c priv/keeper/freeze.c priv/keeper/event.c \
    priv/keeper/leaf.c priv/keeper/limits.c priv/keeper/stats.c \
    common/timer.c common/cpulist.c common/leaf_limit.c common/proto.c \
    common/compat/ptymodes.c common/compat/cgroup_hold.c
build environ_test priv/launcher/environ.c common/proto.c common/compat/ptymodes.c \
    common/log.c
build reap_test common/reap.c
wrapping "kill waitpid" follower_test priv/guard/follower.c common/log.c
build generic_test common/compat/proc_generic.c common/compat/pty.c
build timer_test common/timer.c
build match_test priv/policy/match.c priv/policy/gids.c common/proto.c common/compat/ptymodes.c
build userenv_test priv/policy/userenv.c
# shellcheck disable=SC2086
build shape_test priv/policy/shape.c priv/policy/ceiling.c \
    priv/policy/environ_name.c priv/policy/userenv.c common/proto.c \
    common/compat/ptymodes.c $BOUNDS_SRC
build permit_test priv/policy/permit.c priv/policy/match.c priv/policy/gids.c common/proto.c \
    common/compat/ptymodes.c
build permit_leaf_test priv/policy/leaf.c common/leaf_limit.c common/proto.c \
    common/compat/ptymodes.c
# Steps of start-up, each in a process that may end by it.
# shellcheck disable=SC2086
wrapping exit port_check_test priv/start/port.c $PROC_SRC
# shellcheck disable=SC2086
wrapping exit undo_test priv/start/undo.c priv/start/login.c priv/start/refuse.c \
    common/limitname.c \
    common/signals.c $PROC_SRC $FRESH_SRC $BOUNDS_SRC
wrapping exit privilege_test priv/start/privilege.c priv/start/refuse.c priv/policy/rule.c \
    priv/policy/match.c priv/policy/gids.c common/proto.c common/compat/ptymodes.c
wrapping connect trail_test priv/base/trail.c
build runas_test priv/policy/runas.c priv/policy/gids.c priv/policy/userenv.c
build policy_test priv/policy/rule.c priv/policy/read.c priv/policy/resolve.c \
    priv/policy/userenv.c \
    priv/policy/match.c priv/policy/gids.c priv/check/check.c \
    priv/check/limit.c priv/check/path.c priv/policy/environ_name.c parse.c \
    priv/policy/limit.c priv/policy/place.c priv/policy/size.c \
    common/capname.c common/cpulist.c common/leaf_limit.c common/limitname.c \
    common/proto.c common/compat/ptymodes.c
monitoring monitor_group_test
monitoring monitor_reply_test priv/monitor/reply.c
monitoring monitor_exit_test priv/monitor/exit.c priv/monitor/contain.c priv/monitor/reply.c
monitoring monitor_birth_test priv/monitor/birth.c priv/monitor/exit.c priv/monitor/contain.c \
    priv/monitor/reply.c
monitoring monitor_foreign_test priv/monitor/foreign.c priv/monitor/exit.c priv/monitor/contain.c \
    priv/monitor/reply.c
# What has all but launches.
stopping() {
	monitoring "$@" regress/unit/monitor_launch.c priv/monitor/stop.c \
	    priv/monitor/stray.c priv/monitor/foreign.c priv/monitor/birth.c \
	    priv/monitor/exit.c priv/monitor/contain.c priv/monitor/reply.c
}
stopping monitor_stop_test
# shellcheck disable=SC2086
stopping monitor_request_test priv/monitor/request.c priv/policy/ceiling.c \
    common/limitname.c $BOUNDS_SRC
stopping monitor_report_test priv/monitor/report.c
monitoring monitor_launch_test regress/unit/monitor_maker.c \
    priv/monitor/launch.c priv/monitor/birth.c priv/monitor/exit.c priv/monitor/contain.c \
    priv/monitor/reply.c common/fdset.c
# Leaves, with all that asks for them.
# shellcheck disable=SC2086
monitoring monitor_contain_test regress/unit/monitor_maker.c \
    priv/policy/ceiling.c common/limitname.c $BOUNDS_SRC \
    priv/monitor/request.c priv/monitor/request_leaf.c priv/monitor/stop.c \
    priv/monitor/foreign.c priv/monitor/stray.c priv/monitor/launch.c \
    priv/monitor/birth.c priv/monitor/exit.c priv/monitor/contain.c priv/monitor/reply.c \
    common/fdset.c
monitoring monitor_stray_test regress/unit/monitor_maker.c \
    priv/monitor/stray.c priv/monitor/launch.c priv/monitor/birth.c \
    priv/monitor/exit.c priv/monitor/contain.c priv/monitor/reply.c common/fdset.c
# A task without the switch.
tasking() {
	# shellcheck disable=SC2086
	build "$@" regress/unit/task_util.c $TASK_SRC \
	    task/message.c common/reap.c common/channel.c common/dispatch.c \
	    common/log.c $PROC_SRC $SELF_SRC $PRIVS_SRC $IMSG_SRC $SEND_SRC
}
build seal_openbsd_test task/callset.c task/rows.c
tasking task_calls_test
tasking task_fuzz_test
# The switch without a task.
# shellcheck disable=SC2086
build switch_test task/peer.c task/stop.c task/death.c task/ask.c task/stream.c \
    task/stray.c task/source.c task/tell.c task/table.c task/frame.c \
    task/message.c task/rows.c common/reap.c common/timer.c common/channel.c \
    common/dispatch.c common/etf_write.c $EVSET_SRC $PIDFD_SRC $MARK_SRC \
    $PROC_SRC $SPLICE_SRC $STREAM_SRC $STREAM_IO_SRC $IMSG_SRC $SEND_SRC
# The switch is the case.
tasking loop_test regress/unit/loop_util.c
tasking exec_test regress/unit/loop_util.c
case $CGROUP_SRC in
*cgroup_place.c*)
	# shellcheck disable=SC2086
	build cgroup_test common/compat/cgroup_place.c \
	    common/compat/cgroup_tree.c common/compat/cgroup_each.c \
	    common/compat/cgroup_hold.c $PROC_SRC
	case $BOX_SRC in
	*landlock_linux.c*)
		box="$BOX_SRC $BPF_SRC priv/keeper/sandbox_linux.c"
		;;
	*) box=$BOX_SRC ;;
	esac
	# shellcheck disable=SC2086
	wrapping "openat64 fstatat64 openat fstatat" keeper_test common/log.c common/channel.c common/dispatch.c \
	    common/drop.c common/cpulist.c common/leaf_limit.c common/compat/ptymodes.c \
	    common/timer.c common/proto.c $KEEPER_SRC $CGROUP_SRC $box \
	    $IMSG_SRC $SEND_SRC $PRIVS_SRC $PROC_SRC $SELF_SRC
	;;
*) without="$without cgroup_test keeper_test" ;;
esac
case $BOX_SRC in
*landlock_linux.c*)
	# shellcheck disable=SC2086
	build sandbox_test common/log.c $BOX_SRC $BPF_SRC $SELF_SRC broker/sandbox_linux.c \
	    worker/sandbox_linux.c common/compat/sandbox_ring.c \
	    common/compat/seccomp_signals.c priv/guard/sandbox_linux.c \
	    priv/monitor/sandbox_linux.c priv/launcher/sandbox_linux.c \
	    priv/keeper/sandbox_linux.c
	build landlock_test common/log.c common/compat/landlock_linux.c
	# shellcheck disable=SC2086
	wrapping "syscall proc_set_no_new_privs" seal_linux_test \
	    task/callset.c task/constant.c task/rows.c \
	    common/compat/task_os_linux.c $BPF_SRC $PROC_SRC $SELF_SRC common/log.c
	;;
*) without="$without landlock_test sandbox_test seal_linux_test" ;;
esac
echo "UNITS =$units"

# None is forgotten.
for source in regress/unit/*_test.c; do
	name=$(basename "$source" .c)
	case "$units $without " in
	*"/$name "* | *" $name "*) ;;
	*)
		echo "rules.sh: how is $name linked?" >&2
		exit 1
		;;
	esac
done
