# For GNU make and for BSD make, unchanged: no conditionals, no patterns.
# What the system has is in $(BUILD)/config.mk, which ./configure writes. The
# targets for users see to it that it is there, then to $(BUILD)/rules.mk (see
# the target rules), and go on in a make of their own that has read both.

all:

BUILD = build
# What drives the harnesses of regress/fuzz: files, or an engine of their own.
ENGINE = files
ENGINE_OBJ = $(OBJ)/regress/fuzz/engine_$(ENGINE).o
-include $(BUILD)/config.mk
-include $(BUILD)/rules.mk
-include $(BUILD)/units.mk
-include $(BUILD)/fuzzers.mk

SANITIZE = 0
SANDBOX_DEBUG = 0
SOAK_SECONDS = 3600
SOAK_EVERY = 20
DESTDIR =
GROUP =

# Where install puts things besides what ./configure chose.
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
SYSCONFDIR = /etc

SAN_0 = $(HARD_CFLAGS)
SAN_1 = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -O1
SANLD_0 = $(HARD_LDFLAGS)
SANLD_1 = -fsanitize=address,undefined

# The sanitizers cannot live in a sandbox. SANDBOX_DEBUG=1 has refused system
# calls logged by name, from a table that is made from the system's headers.
BOX_0 = $(SANDBOX_SRC)
PRIVBOX_0 = $(PRIVBOX_SRC)
BROKERBOX_0 = $(BROKERBOX_SRC)
WORKERBOX_0 = $(WORKERBOX_SRC)
TASKBOX_0 = $(TASKBOX_SRC)
SEAL_0 = $(SEAL_SRC)
SEAL_1 = task/seal_none.c
BOX_1 = common/compat/sandbox_none.c
NAMES = $(BUILD)/syscall_names.h
# Why there is no child, in English.
STAGES = $(BUILD)/stages.h
# PROTOCOL.md as a manual.
PROTOCOL_7 = $(BUILD)/proctor-protocol.7
# What the system's headers call their numbers.
CONSTANTS = $(BUILD)/constants.h
BOXDEBUG_1 = common/compat/seccomp_debug.c
BOXFLAGS_1 = -DSANDBOX_DEBUG
BOX_SRC = $(BOX_$(SANITIZE)) $(BOXDEBUG_$(SANDBOX_DEBUG))

# The same for all, as most objects are in more than one program.
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(USER_CFLAGS) $(SAN_$(SANITIZE)) \
	$(BOXFLAGS_$(SANDBOX_DEBUG)) $(WARN_CFLAGS) -I$(BUILD) -I. -Icommon \
	-Ipriv $(IMSG_CFLAGS) $(BSD_CFLAGS) $(EVENT_CFLAGS) $(CMOCKA_CFLAGS)
ALL_LDFLAGS = $(USER_LDFLAGS) $(SANLD_$(SANITIZE))
COMPILE = $(CC) $(ALL_CFLAGS) -MMD -MP -c
LINK = $(CC) $(ALL_CFLAGS) -o

PROTO_SRC = common/proto.c common/proto_leaf.c common/proto_tail.c
RING_SRC = common/log.c $(PROTO_SRC) common/channel.c common/dispatch.c \
	common/drop.c $(SELF_SRC) $(BOX_SRC) $(BPF_SRC) \
	common/compat/ptymodes.c $(IMSG_SRC) $(SEND_SRC) \
	$(PRIVS_SRC)
# What yacc makes of priv/policy/parse.y; among the sources it is parse.c.
PARSE_C = $(BUILD)/parse.c
BASE_SRC = common/timer.c common/signals.c common/reap.c common/stopped.c \
	common/clean.c priv/base/ownlog.c priv/base/privdrop.c priv/base/trail.c
RULE_SRC = priv/policy/rule.c priv/policy/read.c priv/policy/resolve.c \
	priv/policy/match.c priv/policy/gids.c priv/policy/environ_name.c \
	priv/policy/userenv.c priv/policy/limit.c priv/policy/place.c \
	priv/policy/size.c common/limitname.c common/capname.c common/cpulist.c \
	common/leaf_limit.c parse.c
POLICY_SRC = $(RULE_SRC) priv/policy/permit.c priv/policy/runas.c \
	priv/policy/shape.c priv/policy/ceiling.c priv/policy/count.c \
	priv/policy/uids.c priv/policy/leaf.c
CHECK_SRC = priv/check/main.c priv/check/check.c priv/check/path.c \
	priv/check/limit.c \
	$(RULE_SRC) common/log.c $(PROTO_SRC) common/compat/ptymodes.c
GUARD_SRC = priv/guard/guard.c priv/guard/reaper.c priv/guard/wait.c \
	priv/guard/family.c priv/guard/follower.c $(FOLLOW_SRC)
LAUNCHER_SRC = priv/launcher/spawn.c priv/launcher/environ.c \
	priv/launcher/login.c priv/launcher/any.c priv/launcher/privdrop.c \
	priv/launcher/bounds.c $(BOUNDS_SRC) $(SPAWN_SRC) \
	common/compat/pty.c
MONITOR_SRC = priv/monitor/loop.c priv/monitor/table.c \
	priv/monitor/request.c priv/monitor/report.c priv/monitor/foreign.c \
	priv/monitor/stop.c priv/monitor/stray.c priv/monitor/ring.c \
	priv/monitor/request_leaf.c priv/monitor/launch.c priv/monitor/birth.c \
	priv/monitor/exit.c priv/monitor/contain.c priv/monitor/keep.c \
	priv/monitor/left.c priv/monitor/group.c priv/monitor/reply.c \
	priv/monitor/orphan.c priv/monitor/watch.c priv/monitor/child.c \
	priv/monitor/phase.c priv/monitor/audit.c
START_SRC = priv/start/main.c priv/start/undo.c priv/start/configtest.c \
	priv/start/args.c priv/start/privilege.c priv/start/login.c \
	priv/start/privdrop.c priv/start/groups.c priv/start/port.c \
	priv/start/ring.c priv/start/mode.c priv/start/refuse.c
PRIV_SRC = $(START_SRC) $(GUARD_SRC) $(MONITOR_SRC) $(KEEPER_SRC) \
	$(LAUNCHER_SRC) $(POLICY_SRC) $(BASE_SRC) \
	$(LOCK_SRC) $(CGROUP_SRC) $(CGROUP_FILE_SRC) $(FRESH_SRC) $(STREAM_SRC) \
	common/fdset.c common/leafset.c common/nofile.c $(CAPS_SRC) $(PROC_SRC) \
	$(PRIVBOX_$(SANITIZE)) $(RING_SRC)
RING_ARG_SRC = common/ring_arg.c $(RING_SRC)
BROKER_SRC = broker/broker.c broker/frame.c broker/request.c \
	broker/options.c broker/bounds.c broker/strings.c broker/ttymodes.c \
	broker/leaf.c common/etf_read.c $(SPLICE_SRC) common/limitname.c \
	common/cpulist.c common/leaf_limit.c \
	common/capname.c $(BROKERBOX_$(SANITIZE)) $(RING_ARG_SRC)
WORKER_SRC = worker/worker.c worker/port.c worker/relay.c worker/feed.c \
	worker/dispatch.c worker/child.c worker/pty.c worker/reply.c worker/event.c \
	worker/leaf.c worker/term.c worker/idle.c worker/notify.c worker/pipe.c \
	worker/callback.c \
	worker/zerocopy.c worker/queue.c worker/hello.c $(SPLICE_SRC) $(STREAM_SRC) \
	$(STREAM_IO_SRC) $(HANGUP_SRC) common/etf_write.c \
	common/fdset.c common/nofile.c \
	common/errname.c $(WORKERBOX_$(SANITIZE)) $(RING_ARG_SRC)
# The task program: who reads the node's frames, what a task is, and its calls.
TASK_SWITCH_SRC = task/main.c task/guard.c task/switch.c task/request.c \
	task/peer.c task/stop.c task/death.c task/ask.c task/stream.c \
	task/stray.c task/source.c task/tell.c task/table.c task/frame.c task/message.c \
	common/clean.c common/reap.c common/signals.c common/stopped.c common/timer.c \
	common/channel.c common/dispatch.c common/nofile.c $(EVSET_SRC) \
	$(PIDFD_SRC) $(PROC_SRC) $(SELF_SRC) $(PRIVS_SRC) $(CAPS_SRC) \
	$(SPLICE_SRC) $(STREAM_SRC) $(STREAM_IO_SRC) $(IMSG_SRC) $(SEND_SRC) \
	$(BOX_SRC) $(TASKBOX_$(SANITIZE))
TASK_LOOP_SRC = task/loop.c task/batch.c task/answer.c task/fork.c task/exec.c \
	task/execio.c task/execopts.c task/reexec.c task/caught.c task/filter.c \
	task/callset.c \
	common/compat/pty.c task/family.c task/self.c task/bounds.c $(TASK_OS_SRC) $(MARK_SRC)
TASK_CALL_SRC = task/rows.c task/call.c task/calls.c task/args.c task/cstruct.c \
	task/owned.c \
	task/constant.c task/value.c task/interrupt.c task/call_file.c \
	task/call_path.c task/call_id.c task/call_proc.c task/call_env.c \
	task/call_net.c task/call_name.c $(CALL_SYSTEM_SRC) \
	$(SEAL_$(SANITIZE)) $(BPF_SRC) common/etf_read.c common/etf_write.c
TASK_SRC = $(TASK_SWITCH_SRC) $(TASK_LOOP_SRC) $(TASK_CALL_SRC) common/log.c
TASK_OBJ = $(TASK_SRC:%.c=$(OBJ)/%.o)
PRIV_OBJ = $(PRIV_SRC:%.c=$(OBJ)/%.o)
BROKER_OBJ = $(BROKER_SRC:%.c=$(OBJ)/%.o)
WORKER_OBJ = $(WORKER_SRC:%.c=$(OBJ)/%.o)
CHECK_OBJ = $(CHECK_SRC:%.c=$(OBJ)/%.o)
C_SRC = priv/*/*.c broker/*.c worker/*.c task/*.c common/*.c common/compat/*.c
# What compiles on BSDs, and elsewhere against regress/stubs.
C_BSD = task/bsd/*.c
C_FUZZ = regress/fuzz/*.c
C_ALL = $(C_SRC) regress/unit/*.c $(C_FUZZ) regress/priv/*.c regress/bench/*.c
C_FORMAT = $(C_ALL) $(C_BSD) task/bsd/*.h common/*.h common/compat/*.h priv/*/*.h \
	broker/*.h worker/*.h task/*.h regress/unit/*.h regress/fuzz/*.h regress/stubs/*.h \
	regress/stubs/*/sys/*.h

RING_PROGRAMS = $(BUILD)/proctor-broker $(BUILD)/proctor-worker
PORT_PROGRAMS = $(BUILD)/proctor $(RING_PROGRAMS) $(BUILD)/proctor-task
PROGRAMS = $(PORT_PROGRAMS) $(BUILD)/proctor-check

.SUFFIXES:
.PHONY: regress-fault uninstall uninstall-run deb deb-check regress-cross regress-musl regress-uml \
	regress-qemu programs-and-units regress-fuzz fuzz fuzz-run fuzz-afl fuzz-coverage
.PHONY: all port dist package deps deps-dev demo soak bench bench-elixir bench-quick \
	bench-files regress regress-unit regress-port regress-erlang regress-get \
	regress-priv regress-task regress-elixir regress-trixie elixir-run regress-build install \
	install-suid \
	clean format lint nightly programs units fuzzers \
	unit-run port-run priv-run task-run hostile erlang-run demo-run lint-run \
	install-run install-suid-run client bsd-check lint-openbsd rules trace trace-run

# What a user names is done in the order in which he names it, `make deps
# regress'; what that takes is done with -j.
SERIAL = .NOTPARALLEL
$(SERIAL):

SUB = $(MAKE) SERIAL=parallel SANITIZE=$(SANITIZE) \
	SANDBOX_DEBUG=$(SANDBOX_DEBUG) BUILD=$(BUILD)
BEFORE = sh ./configure --if-needed BUILD=$(BUILD) && $(SUB) rules

all:
	@+$(BEFORE)
	@+$(SUB) programs client

# What an application's priv has to hold.
port:
	@+$(BEFORE)
	@+$(SUB) $(PORT_PROGRAMS)

demo:
	@+$(BEFORE)
	@+$(SUB) programs client
	@+$(SUB) demo-run

regress:
	@+$(BEFORE)
	@+$(SUB) programs client units fuzzers $(BUILD)/hostile $(BUILD)/calls
	@+$(SUB) unit-run
	@+$(SUB) fuzz-run
	@+$(SUB) port-run
	@+$(SUB) task-run
	@+$(SUB) erlang-run
	@+$(SUB) elixir-run
	@+$(SUB) priv-run

regress-unit:
	@+$(BEFORE)
	@+$(SUB) units
	@+$(SUB) unit-run

regress-port:
	@+$(BEFORE)
	@+$(SUB) programs
	@+$(SUB) port-run

regress-task:
	@+$(BEFORE)
	@+$(SUB) programs
	@+$(SUB) task-run

# What the fuzzers have found and what they begin with, once each.
regress-fuzz:
	@+$(BEFORE)
	@+$(SUB) fuzzers
	@+$(SUB) fuzz-run

# Each harness for so long.
FUZZ_SECONDS = 60
fuzz:
	@BUILD=$(BUILD) MAKE="$(MAKE)" sh regress/fuzz/run.sh $(FUZZ_SECONDS)

# The same by AFL++; and what the inputs reach, by file.
fuzz-afl:
	@BUILD=$(BUILD) MAKE="$(MAKE)" sh regress/fuzz/afl.sh $(FUZZ_SECONDS)

fuzz-coverage:
	@BUILD=$(BUILD) MAKE="$(MAKE)" sh regress/fuzz/coverage.sh

# Needs root; says so and skips every case without.
regress-priv:
	@+$(BEFORE)
	@+$(SUB) programs $(BUILD)/hostile $(BUILD)/calls
	@+$(SUB) priv-run

# System calls that fail, and parts that die: FAULT_ALL=1, FAULT_PLACES=N for
# more of them. As root, with strace.
regress-fault:
	@+$(BEFORE)
	@+$(SUB) programs
	@PORT_LAUNCHER=$(LAUNCHER) \
	    /usr/bin/python3 regress/fault/run.py -j 2 $(BUILD)

regress-erlang:
	@+$(BEFORE)
	@+$(SUB) programs client
	@+$(SUB) erlang-run

regress-elixir:
	@+$(BEFORE)
	@+$(SUB) programs
	@+$(SUB) elixir-run

# Of regress/priv: a program in the broker's place, and one that says what the
# system call filters allow.
hostile:
	@+$(BEFORE)
	@+$(SUB) $(BUILD)/hostile $(BUILD)/calls

# For other machines, and the unit programs in an emulator: regress/cross.
regress-cross:
	@BUILD=$(BUILD) MAKE="$(MAKE)" sh regress/cross/run.sh

# With musl's libc, and static: regress/musl.
regress-musl:
	@BUILD=$(BUILD) MAKE="$(MAKE)" sh regress/musl/run.sh

# Control groups under a kernel that has them whole: regress/uml.
regress-uml:
	@+$(BEFORE)
	@+$(SUB) programs
	@sh regress/uml/run.sh $(BUILD)

# Under the kernel of Debian 12: regress/qemu.
regress-qemu:
	@+$(BEFORE)
	@+$(SUB) programs $(BUILD)/hostile $(BUILD)/calls
	@sh regress/qemu/run.sh $(BUILD)

programs-and-units:
	@+$(BEFORE)
	@+$(SUB) programs units

# What this file and ./configure promise.
regress-build:
	@sh regress/build/run.sh

# Writes regress/priv/calls.txt anew, from a run of all suites: as root, with
# bpftrace.
trace:
	@+$(BEFORE)
	@+$(SUB) programs client $(BUILD)/hostile $(BUILD)/calls
	@+$(SUB) trace-run

# The long forms of tests: .ci/nightly.
nightly:
	@sh .ci/nightly

lint:
	@+$(BEFORE)
	@+$(SUB) bsd-check lint-run
	@sh regress/elsewhere/run.sh openbsd $(BUILD)/openbsd

# What OpenBSD does not have is not used there: see regress/elsewhere.
lint-openbsd:
	@sh regress/elsewhere/run.sh openbsd $(BUILD)/openbsd

install:
	@+$(BEFORE)
	@+$(SUB) DESTDIR="$(DESTDIR)" install-run

# What is privileged mode's stays: the user, its uids, proctor.conf.
uninstall:
	@+$(BEFORE)
	@+$(SUB) DESTDIR="$(DESTDIR)" uninstall-run

# What makes privileged mode possible: GROUP may run it, nobody else.
install-suid:
	@+$(BEFORE)
	@+$(SUB) DESTDIR="$(DESTDIR)" GROUP="$(GROUP)" install-suid-run

# Mixed load for SOAK_SECONDS, with a random part killed every SOAK_EVERY; what it
# did SOAK_SEED does again, as far as the machine lets it.
soak:
	@+$(BEFORE)
	@+$(SUB) programs
	@PRIV_LIBEXECDIR=$(LIBEXECDIR) PORT_LAUNCHER=$(LAUNCHER) MAKE="$(MAKE)" \
	    /usr/bin/python3 regress/soak/run.py -s $(SOAK_SECONDS) \
	    -e $(SOAK_EVERY) $${SOAK_SEED:+-r $$SOAK_SEED} $(BUILD)

# Measures, and draws; what it says depends on the machine.
bench:
	@+$(BEFORE)
	@+$(SUB) programs client bench-files
	@BUILD=$(BUILD) PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor \
	    sh regress/bench/run.sh bench || status=$$?; \
	/usr/bin/python3 regress/bench/page.py $(BUILD)/bench; \
	exit $${status:-0}
	@BUILD=$(BUILD) sh regress/bench/plot.sh

# Only what has to hold on any machine.
# The Elixir client beside System.cmd and, with PEER_*, others.
bench-elixir:
	@+$(BEFORE)
	@+$(SUB) programs
	@MIX_BUILD_PATH=$$(pwd)/$(BUILD)/mix-bench MIX_ENV=prod \
	    sh -c 'cd client/proctor && mix compile'
	@BENCH_DIR=$$(pwd)/$(BUILD)/bench PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor \
	    elixir -pa $(BUILD)/mix-bench/lib/proctor/ebin \
	    regress/bench/elixir.exs || status=$$?; \
	BUILD=$(BUILD) sh regress/bench/plot.sh; exit $${status:-0}

bench-quick:
	@+$(BEFORE)
	@+$(SUB) programs client bench-files
	@BUILD=$(BUILD) PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor \
	    sh regress/bench/run.sh bench_quick
	@/usr/bin/python3 regress/bench/page_test.py

# What others are given: see dist/tree.sh.
dist package:
	@+$(BEFORE)
	@+$(SUB) $(PARSE_C)
	@BUILD=$(BUILD) PARSE_C=$(PARSE_C) sh dist/tree.sh $@

# Debian packages in BUILD/deb, and what they do in a Debian of their own, which
# needs root.
deb: dist
	@BUILD=$(BUILD) sh dist/deb.sh

deb-check: deb
	@BUILD=$(BUILD) sh regress/deb/run.sh

# What the ways to get it promise, each from an empty home.
regress-get:
	@sh regress/get/run.sh

# The clients on Debian 13, as root, with debootstrap.
regress-trixie:
	@sh regress/trixie/run.sh

deps:
	@sh regress/deps.sh

deps-dev:
	@sh regress/deps.sh dev

clean:
	rm -rf $(BUILD) _build client/proctor/ebin client/proctor/_build \
	    client/proctor/doc

format:
	clang-format -i $(C_FORMAT)

# Behind config.mk: what is in rules.mk and units.mk, and in the headers that
# hold what may be another each time. A source has a rule of its own, with what
# its compiler found that it includes. The objects of one compiler and one set
# of flags are in a folder of their own. A file that would be as it was stays,
# with its date.
IFNEW = sh -c 'cat >"$$0.new" && if cmp -s "$$0.new" "$$0"; \
	then rm "$$0.new"; else mv "$$0.new" "$$0"; fi'

rules:
	@mkdir -p $(BUILD)/unit
	@echo "#define PROCTOR_VERSION \"$$(cat VERSION)\"" | \
	    $(IFNEW) $(BUILD)/version.h
	@echo "#define LIBEXECDIR \"$(LIBEXECDIR)\"" | \
	    $(IFNEW) $(BUILD)/libexecdir.h
	@how="$$($(CC) --version | head -n 1) $(COMPILE)"; \
	obj=$(BUILD)/obj/$$(echo $$how | cksum | cut -d ' ' -f 1); \
	echo $$obj $(ALL_LDFLAGS) $(PRIV_SRC) $(BROKER_SRC) $(WORKER_SRC) \
	    $(CHECK_SRC) $(TASK_SRC) | \
	    $(IFNEW) $(BUILD)/kind; \
	{ echo "OBJ = $$obj"; for c in $(C_ALL) $(C_BSD); do \
	    test -e "$$c" || continue; \
	    o=$$obj/$${c%.c}; \
	    test -d "$${o%/*}" || mkdir -p "$${o%/*}"; \
	    printf '%s: %s\n\t@echo "cc %s"\n\t@%s -o %s %s\n-include %s\n' \
	    "$$o.o" "$$c" "$$c" '$$(COMPILE)' "$$o.o" "$$c" "$$o.d"; \
	done; } | $(IFNEW) $(BUILD)/rules.mk
	@test ! -e regress || PROTO_SRC="$(PROTO_SRC)" BOX_SRC="$(BOX_SRC)" BPF_SRC="$(BPF_SRC)" IMSG_SRC="$(IMSG_SRC)" SEND_SRC="$(SEND_SRC)" \
	    SPLICE_SRC="$(SPLICE_SRC)" PROC_SRC="$(PROC_SRC)" SELF_SRC="$(SELF_SRC)" \
	    EVSET_SRC="$(EVSET_SRC)" PIDFD_SRC="$(PIDFD_SRC)" MARK_SRC="$(MARK_SRC)" \
	    FRESH_SRC="$(FRESH_SRC)" STREAM_SRC="$(STREAM_SRC)" STREAM_IO_SRC="$(STREAM_IO_SRC)" \
	    CGROUP_SRC="$(CGROUP_SRC)" KEEPER_SRC="$(KEEPER_SRC)" \
	    TASK_SRC="$(TASK_LOOP_SRC) $(TASK_CALL_SRC)" \
	    PRIVS_SRC="$(PRIVS_SRC)" BOUNDS_SRC="$(BOUNDS_SRC)" \
	    sh regress/unit/rules.sh >$(BUILD)/units.out
	@test ! -e regress || $(IFNEW) $(BUILD)/units.mk <$(BUILD)/units.out
	@test ! -e regress || PROTO_SRC="$(PROTO_SRC)" IMSG_SRC="$(IMSG_SRC)" \
	    SEND_SRC="$(SEND_SRC)" RULE_SRC="$(RULE_SRC)" \
	    EVSET_SRC="$(EVSET_SRC)" SPLICE_SRC="$(SPLICE_SRC)" \
	    STREAM_SRC="$(STREAM_SRC)" STREAM_IO_SRC="$(STREAM_IO_SRC)" \
	    PRIVS_SRC="$(PRIVS_SRC)" PROC_SRC="$(PROC_SRC)" \
	    SELF_SRC="$(SELF_SRC)" BOUNDS_SRC="$(BOUNDS_SRC)" \
	    sh regress/fuzz/rules.sh >$(BUILD)/fuzzers.out
	@test ! -e regress || $(IFNEW) $(BUILD)/fuzzers.mk <$(BUILD)/fuzzers.out

programs: $(PROGRAMS)

$(PARSE_C): priv/policy/parse.y $(BUILD)/config.mk
	@echo "yacc $@"
	@$(PARSER)

$(OBJ)/parse.o: $(PARSE_C)
	@echo "cc $(PARSE_C)"
	@$(COMPILE) -o $@ $(PARSE_C)
-include $(OBJ)/parse.d

$(NAMES): $(BUILD)/config.mk
	@echo '#include <sys/syscall.h>' | \
	    $(CC) $(USER_CFLAGS) -E -dM - | \
	    awk '/^.define SYS_/ { printf "{ %s, \"%s\" },\n", $$2, \
	    substr($$2, 5) }' | sort >$@

$(OBJ)/common/compat/seccomp_debug.o: $(NAMES)

$(CONSTANTS): task/constants.txt task/constants.awk
	@awk -f task/constants.awk task/constants.txt >$@.new
	@mv $@.new $@

$(OBJ)/task/constant.o: $(CONSTANTS) $(NAMES)

$(STAGES): worker/stages.hrl
	@awk '$$2 == "=>" { stage = $$1; sub(/[^{]*[{]/, ""); sub(/[}].*/, ""); \
	    printf "[STAGE_%s] = { \"%s\", %s },\n", toupper(stage), stage, \
	    $$0 }' worker/stages.hrl >$@

$(OBJ)/worker/reply.o: $(STAGES)

$(BUILD)/proctor: $(PRIV_OBJ) $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(PRIV_OBJ) $(ALL_LDFLAGS) $(CAP_LIBS) $(BSD_LIBS)

$(BUILD)/proctor-broker: $(BROKER_OBJ) $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(BROKER_OBJ) $(ALL_LDFLAGS) $(BSD_LIBS)

$(BUILD)/proctor-worker: $(WORKER_OBJ) $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(WORKER_OBJ) $(ALL_LDFLAGS) $(EVENT_LIBS) $(BSD_LIBS)

# For everybody, and without any right: what does a policy say?
$(BUILD)/proctor-check: $(CHECK_OBJ) $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(CHECK_OBJ) $(ALL_LDFLAGS) $(BSD_LIBS)

# For everybody, too, and never with a right that its starter has not.
$(BUILD)/proctor-task: $(TASK_OBJ) $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(TASK_OBJ) $(ALL_LDFLAGS) $(CAP_LIBS) $(BSD_LIBS)

$(BUILD)/hostile: $(OBJ)/regress/priv/hostile.o $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(OBJ)/regress/priv/hostile.o $(ALL_LDFLAGS) $(BSD_LIBS)

$(OBJ)/regress/priv/calls.o: $(NAMES)

CALLS_SRC = regress/priv/calls.c common/log.c common/compat/sandbox_linux.c $(SELF_SRC) \
	$(BPF_SRC) \
	common/compat/landlock_linux.c common/compat/sandbox_ring.c \
	broker/sandbox_linux.c worker/sandbox_linux.c \
	common/compat/seccomp_signals.c priv/guard/sandbox_linux.c \
	priv/monitor/sandbox_linux.c priv/launcher/sandbox_linux.c \
	priv/keeper/sandbox_linux.c task/sandbox_linux.c \
	$(BOXDEBUG_$(SANDBOX_DEBUG))
CALLS_OBJ = $(CALLS_SRC:%.c=$(OBJ)/%.o)
$(BUILD)/calls: $(CALLS_OBJ) $(BUILD)/kind
	@echo "ld $@"
	@$(LINK) $@ $(CALLS_OBJ) $(ALL_LDFLAGS) $(BSD_LIBS)

client:
	@LIBEXECDIR="$(LIBEXECDIR)" sh client/proctor/build.sh

units: $(UNITS)

fuzzers: $(FUZZERS)

unit-run:
	@sh regress/unit/run.sh $(UNITS)

fuzz-run:
	@/usr/bin/python3 regress/fuzz/corpus.py play $(FUZZERS)
	@if command -v escript >/dev/null; then \
	    escript regress/fuzz/terms.escript $(BUILD)/fuzz/term; \
	else echo "fuzz: no escript, Erlang's terms are left out"; fi

bench-files:
	@CC="$(CC)" CFLAGS="$(ALL_CFLAGS)" LDFLAGS="$(ALL_LDFLAGS)" \
	    BUILD=$(BUILD) sh regress/bench/build.sh

port-run:
	@PORT_LAUNCHER=$(LAUNCHER) /usr/bin/python3 regress/port/run.py -j 2 \
	    $(BUILD)/proctor

task-run:
	@/usr/bin/python3 regress/task/run.py -j 2 $(BUILD)/proctor-task

priv-run:
	@PORT_LAUNCHER=$(LAUNCHER) PRIV_LIBEXECDIR=$(LIBEXECDIR) MAKE="$(MAKE)" \
	    /usr/bin/python3 regress/priv/run.py $(BUILD)

trace-run:
	@/usr/bin/python3 regress/priv/calls.py $(BUILD) \
	    $(SUB) -k port-run erlang-run demo-run priv-run

erlang-run:
	@LIBEXECDIR="$(LIBEXECDIR)" PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor \
	    sh client/proctor/test/run.sh

elixir-run:
	@BUILD=$(BUILD) sh client/proctor/test/elixir/run.sh

demo-run:
	@PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor sh regress/demo/run.sh

# Not run anywhere but there, yet it has to compile.
bsd-check:
	@echo "lint: calls of BSDs"
	@$(CC) $(ALL_CFLAGS) -Iregress/stubs -Iregress/stubs/bsd \
	    -Iregress/stubs/freebsd -fsyntax-only $(C_BSD)

lint-run: $(PARSE_C) $(NAMES) $(STAGES) $(CONSTANTS) $(PROTOCOL_7)
	@PARSE_C="$(PARSE_C)" MANUALS="man/*.[578] $(PROTOCOL_7)" C_SRC="$(C_SRC)" C_ALL="$(C_ALL)" \
	    C_FORMAT="$(C_FORMAT)" \
	    CFLAGS="$(ALL_CFLAGS) -Iregress/stubs" \
	    sh regress/lint.sh

# A manual of a page that whoever writes a client has, too.
$(PROTOCOL_7): PROTOCOL.md man/markdown.awk
	@LC_ALL=C awk -f man/markdown.awk -v name=proctor-protocol \
	    -v section=7 -v about="what crosses the port of proctor" \
	    -v date="November 30, 2026" PROTOCOL.md >$@.tmp
	@mv $@.tmp $@

install-run: programs $(PROTOCOL_7)
	mkdir -p $(DESTDIR)$(LIBEXECDIR)/proctor/empty
	mkdir -p $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
	    $(DESTDIR)$(MANDIR)/man8
	@$(INSTALL_SUID) program
	install -m 755 $(RING_PROGRAMS) $(BUILD)/proctor-check \
	    $(BUILD)/proctor-task $(DESTDIR)$(LIBEXECDIR)/proctor
	mkdir -p $(DESTDIR)$(BINDIR)
	rm -f $(DESTDIR)$(BINDIR)/proctor-check
	ln -s $(LIBEXECDIR)/proctor/proctor-check $(DESTDIR)$(BINDIR)
	install -m 644 man/proctor.conf.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 man/proctor.8 man/proctor-check.8 man/proctor-task.8 \
	    $(DESTDIR)$(MANDIR)/man8
	install -m 644 man/proctor-log.7 $(PROTOCOL_7) $(DESTDIR)$(MANDIR)/man7

uninstall-run:
	rm -f $(DESTDIR)$(BINDIR)/proctor-check
	rm -f $(DESTDIR)$(MANDIR)/man5/proctor.conf.5
	rm -f $(DESTDIR)$(MANDIR)/man7/proctor-log.7 \
	    $(DESTDIR)$(MANDIR)/man7/proctor-protocol.7
	rm -f $(DESTDIR)$(MANDIR)/man8/proctor.8 \
	    $(DESTDIR)$(MANDIR)/man8/proctor-check.8 \
	    $(DESTDIR)$(MANDIR)/man8/proctor-task.8
	rm -f $(DESTDIR)$(SYSUSERSDIR)/proctor.conf \
	    $(DESTDIR)$(TMPFILESDIR)/proctor.conf
	rm -rf $(DESTDIR)$(LIBEXECDIR)/proctor

INSTALL_SUID = GROUP="$(GROUP)" DESTDIR="$(DESTDIR)" BUILD="$(BUILD)" \
	LIBEXECDIR="$(LIBEXECDIR)" SYSUSERSDIR="$(SYSUSERSDIR)" \
	TMPFILESDIR="$(TMPFILESDIR)" SYSCONFDIR="$(SYSCONFDIR)" sh dist/install-suid.sh

install-suid-run:
	@$(INSTALL_SUID) check
	@$(SUB) DESTDIR="$(DESTDIR)" install-run
	@$(INSTALL_SUID) do
