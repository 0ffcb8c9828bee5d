# For GNU make and for BSD make, unchanged: no conditionals, no patterns.
# What the system has is in config.mk, which ./configure writes; the targets
# for users run it when it is missing.

-include config.mk

SANITIZE = 0
SANDBOX_DEBUG = 0
SOAK = 1000000
BUILD = build
DESTDIR =
GROUP =

# Where install puts things besides what ./configure chose.
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
SYSCONFDIR = /etc

SAN_0 = $(HARD_CFLAGS)
SAN_1 = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -O1
SANLD_0 = $(HARD_LDFLAGS)
SANLD_1 = -fsanitize=address,undefined

# The sanitizers cannot live in a sandbox. SANDBOX_DEBUG=1 has refused system
# calls logged by name, from a table that is made from the system's headers.
BOX_0 = $(SANDBOX_SRC)
BOX_1 = common/compat/sandbox_none.c
NAMES = $(BUILD)/syscall_names.h
BOXDEBUG_1 = common/compat/seccomp_debug.c
BOXFLAGS_1 = -DSANDBOX_DEBUG -I$(BUILD)
BOXNAMES_1 = $(NAMES)
BOX_SRC = $(BOX_$(SANITIZE)) $(BOXDEBUG_$(SANDBOX_DEBUG))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(USER_CFLAGS) $(SAN_$(SANITIZE)) \
	$(BOXFLAGS_$(SANDBOX_DEBUG)) $(WARN_CFLAGS) -I. -Icommon -Ipriv $(IMSG_CFLAGS) $(BSD_CFLAGS)
ALL_LDFLAGS = $(USER_LDFLAGS) $(SANLD_$(SANITIZE))

HEADERS = config.h common/*.h common/compat/*.h priv/*.h priv/*/*.h broker/*.h \
	worker/*.h
RING_SRC = common/log.c common/proto.c common/dispatch.c \
	common/compat/ptymodes.c $(IMSG_SRC) $(SEND_SRC) \
	$(PRIVS_SRC)
# What yacc makes of priv/policy/parse.y.
PARSE_C = $(BUILD)/parse.c
BASE_SRC = priv/base/timer.c priv/base/signals.c
RULE_SRC = priv/policy/rule.c priv/policy/read.c priv/policy/resolve.c \
	priv/policy/match.c priv/policy/environ_name.c priv/policy/userenv.c \
	$(PARSE_C)
POLICY_SRC = $(RULE_SRC) priv/policy/permit.c priv/policy/runas.c \
	priv/policy/shape.c priv/policy/count.c
CHECK_SRC = priv/check/main.c priv/check/check.c priv/check/path.c \
	$(RULE_SRC) common/log.c common/proto.c common/compat/ptymodes.c
PRIV_SRC = priv/proctor.c priv/start.c priv/configtest.c priv/args.c \
	priv/mode.c \
	$(BASE_SRC) $(POLICY_SRC) \
	priv/privdrop.c priv/uids.c $(LOCK_SRC) priv/guard.c priv/reaper.c priv/parts.c \
	priv/dispatch.c priv/request.c priv/answer.c priv/child.c priv/reap.c \
	priv/stray.c priv/linger.c priv/login.c $(FRESH_SRC) $(STREAM_SRC) \
	priv/group.c priv/stop.c priv/launch.c priv/spawn.c \
	priv/environ.c \
	common/drop.c $(CAPS_SRC) $(PROC_SRC) $(SPAWN_SRC) $(BOX_SRC) \
	$(RING_SRC)
PART_SRC = common/part.c common/drop.c $(PROC_SRC) $(BOX_SRC) $(RING_SRC)
BROKER_SRC = broker/broker.c broker/frame.c broker/request.c \
	broker/options.c broker/strings.c broker/modes.c common/etf.c \
	$(SPLICE_SRC) \
	common/capname.c $(PART_SRC)
WORKER_SRC = worker/worker.c worker/port.c worker/relay.c worker/feed.c \
	worker/child.c worker/pty.c worker/reply.c worker/event.c \
	worker/body.c worker/queue.c worker/welcome.c $(SPLICE_SRC) $(STREAM_SRC) common/etf_write.c \
	common/errname.c $(PART_SRC)
C_SRC = priv/*.c priv/*/*.c broker/*.c worker/*.c common/*.c common/compat/*.c
C_ALL = $(C_SRC) regress/unit/*.c regress/priv/*.c regress/bench/*.c
C_FORMAT = $(C_ALL) common/*.h common/compat/*.h priv/*.h priv/*/*.h \
	broker/*.h worker/*.h regress/unit/*.h regress/stubs/*.h

PARTS = $(BUILD)/proctor-broker $(BUILD)/proctor-worker
PROGRAMS = $(BUILD)/proctor $(PARTS) $(BUILD)/proctor-check

.NOTPARALLEL:
.PHONY: all deps demo soak bench bench-quick bench-files regress regress-unit regress-port regress-erlang \
	regress-priv install install-suid clean format lint programs units \
	unit-run port-run priv-run hostile erlang-run demo-run lint-run \
	install-run install-suid-run client openbsd-check

# For users: configure first if nobody did.
CONFIGURED = test -f config.mk || ./configure
SUB = $(MAKE) SANITIZE=$(SANITIZE) SANDBOX_DEBUG=$(SANDBOX_DEBUG) \
	BUILD=$(BUILD)

all:
	@$(CONFIGURED)
	@$(SUB) programs client

demo:
	@$(CONFIGURED)
	@$(SUB) programs client demo-run

regress:
	@$(CONFIGURED)
	@$(SUB) programs client units unit-run port-run erlang-run priv-run

regress-unit:
	@$(CONFIGURED)
	@$(SUB) units unit-run

regress-port:
	@$(CONFIGURED)
	@$(SUB) programs port-run

# Needs root; says so and skips every case without.
regress-priv:
	@$(CONFIGURED)
	@$(SUB) programs priv-run

regress-erlang:
	@$(CONFIGURED)
	@$(SUB) programs client erlang-run

lint:
	@$(CONFIGURED)
	@$(SUB) openbsd-check lint-run

install:
	@$(CONFIGURED)
	@$(SUB) DESTDIR="$(DESTDIR)" install-run

# What makes privileged mode possible: GROUP may run it, nobody else.
install-suid:
	@$(CONFIGURED)
	@$(SUB) DESTDIR="$(DESTDIR)" GROUP="$(GROUP)" install-suid-run

# An hour, give or take: SOAK runs one after another, each of them checked.
soak:
	@$(CONFIGURED)
	@$(SUB) programs
	@/usr/bin/python3 regress/port/soak.py $(BUILD)/proctor $(SOAK)

# Measures, and draws; what it says depends on the machine.
bench:
	@$(CONFIGURED)
	@$(SUB) programs client bench-files
	@BUILD=$(BUILD) PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor \
	    sh regress/bench/run.sh bench
	@BUILD=$(BUILD) sh regress/bench/plot.sh

# Only what has to hold on any machine.
bench-quick:
	@$(CONFIGURED)
	@$(SUB) programs client bench-files
	@BUILD=$(BUILD) PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor \
	    sh regress/bench/run.sh bench_quick

deps:
	@sh regress/deps.sh

clean:
	rm -rf $(BUILD) config.h config.mk config.log client/erlang/ebin \
	    client/erlang/_build

format:
	clang-format -i $(C_FORMAT)

# Behind config.mk.
programs: $(PROGRAMS)

# The path that is compiled in: a new one when it changes.
$(BUILD)/libexecdir: FORCE
	@mkdir -p $(BUILD)
	@echo $(LIBEXECDIR) | cmp -s - $@ || echo $(LIBEXECDIR) >$@

# What kind of build this is: another kind is another build.
KIND = $(SANITIZE) $(SANDBOX_DEBUG)
$(BUILD)/kind: FORCE
	@mkdir -p $(BUILD)
	@echo $(KIND) | cmp -s - $@ || echo $(KIND) >$@

FORCE:

$(PARSE_C): priv/policy/parse.y config.mk
	@mkdir -p $(BUILD)
	@echo "yacc $@"
	@$(YACC) -o $@ priv/policy/parse.y

$(NAMES): config.mk
	@mkdir -p $(BUILD)
	@echo '#include <sys/syscall.h>' | $(CC) -E -dM - | \
	    awk '/^.define SYS_/ { printf "{ %s, \"%s\" },\n", $$2, \
	    substr($$2, 5) }' | sort >$@

$(BUILD)/proctor: $(PRIV_SRC) $(HEADERS) config.mk $(BUILD)/libexecdir \
	$(BUILD)/kind $(BOXNAMES_$(SANDBOX_DEBUG))
	@mkdir -p $(BUILD)
	@echo "cc $@"
	@$(CC) $(ALL_CFLAGS) -DLIBEXECDIR='"$(LIBEXECDIR)"' -o $@ $(PRIV_SRC) $(ALL_LDFLAGS) $(CAP_LIBS) $(BSD_LIBS)

$(BUILD)/proctor-broker: $(BROKER_SRC) $(HEADERS) config.mk $(BUILD)/kind \
	$(BOXNAMES_$(SANDBOX_DEBUG))
	@mkdir -p $(BUILD)
	@echo "cc $@"
	@$(CC) $(ALL_CFLAGS) -o $@ $(BROKER_SRC) $(ALL_LDFLAGS) $(BSD_LIBS)

$(BUILD)/proctor-worker: $(WORKER_SRC) $(HEADERS) config.mk $(BUILD)/kind \
	$(BOXNAMES_$(SANDBOX_DEBUG))
	@mkdir -p $(BUILD)
	@echo "cc $@"
	@$(CC) $(ALL_CFLAGS) $(EVENT_CFLAGS) -o $@ $(WORKER_SRC) \
	    $(ALL_LDFLAGS) $(EVENT_LIBS) $(BSD_LIBS)

# For everybody, and without any right: what does a policy say?
$(BUILD)/proctor-check: $(CHECK_SRC) $(HEADERS) config.mk $(BUILD)/kind
	@mkdir -p $(BUILD)
	@echo "cc $@"
	@$(CC) $(ALL_CFLAGS) -o $@ $(CHECK_SRC) $(ALL_LDFLAGS) $(BSD_LIBS)

# For regress/priv: a program in the broker's place.
hostile: $(BUILD)/hostile

$(BUILD)/hostile: regress/priv/hostile.c common/proto.h config.mk
	@mkdir -p $(BUILD)
	@echo "cc $@"
	@$(CC) $(ALL_CFLAGS) -o $@ regress/priv/hostile.c $(ALL_LDFLAGS) $(BSD_LIBS)

client:
	@sh client/erlang/build.sh

units: $(PARSE_C) $(BUILD)/kind $(BOXNAMES_$(SANDBOX_DEBUG))
	@CC="$(CC)" CFLAGS="$(ALL_CFLAGS) $(EVENT_CFLAGS) $(CMOCKA_CFLAGS)" \
	    LDFLAGS="$(ALL_LDFLAGS)" LIBS="$(CMOCKA_LIBS) $(BSD_LIBS)" \
	    IMSG_SRC="$(IMSG_SRC)" SEND_SRC="$(SEND_SRC)" BOX_SRC="$(BOX_SRC)" \
	    SPLICE_SRC="$(SPLICE_SRC)" STREAM_SRC="$(STREAM_SRC)" \
	    PARSE_C="$(PARSE_C)" BUILD=$(BUILD) \
	    sh regress/unit/build.sh

unit-run:
	@sh regress/unit/run.sh $(BUILD)/unit

bench-files:
	@CC="$(CC)" CFLAGS="$(ALL_CFLAGS)" LDFLAGS="$(ALL_LDFLAGS)" \
	    BUILD=$(BUILD) sh regress/bench/build.sh

port-run:
	@PORT_LAUNCHER=$(LAUNCHER) /usr/bin/python3 regress/port/run.py -j 2 \
	    $(BUILD)/proctor

priv-run: hostile
	@PORT_LAUNCHER=$(LAUNCHER) PRIV_LIBEXECDIR=$(LIBEXECDIR) MAKE="$(MAKE)" \
	    /usr/bin/python3 regress/priv/run.py $(BUILD)

erlang-run:
	@PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor sh client/erlang/test/run.sh

demo-run:
	@PROCTOR_PORT=$$(pwd)/$(BUILD)/proctor sh regress/demo/run.sh

# Not run anywhere but there, yet it has to compile.
openbsd-check:
	@echo "lint: sandbox_openbsd.c"
	@$(CC) $(ALL_CFLAGS) -Iregress/stubs -fsyntax-only \
	    common/compat/sandbox_openbsd.c

lint-run: $(PARSE_C) $(NAMES)
	@PARSE_C="$(PARSE_C)" C_SRC="$(C_SRC)" C_ALL="$(C_ALL)" \
	    C_FORMAT="$(C_FORMAT)" \
	    CFLAGS="$(ALL_CFLAGS) -DLIBEXECDIR=\"/\" -I$(BUILD) -Iregress/stubs $(EVENT_CFLAGS) $(CMOCKA_CFLAGS)" \
	    sh regress/lint.sh

install-run: programs
	mkdir -p $(DESTDIR)$(LIBEXECDIR)/proctor/empty
	mkdir -p $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	@$(INSTALL_SUID) program
	install -m 755 $(PARTS) $(BUILD)/proctor-check \
	    $(DESTDIR)$(LIBEXECDIR)/proctor
	mkdir -p $(DESTDIR)$(BINDIR)
	rm -f $(DESTDIR)$(BINDIR)/proctor-check
	ln -s $(LIBEXECDIR)/proctor/proctor-check $(DESTDIR)$(BINDIR)
	install -m 644 man/proctor.conf.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 man/proctor.8 man/proctor-check.8 \
	    $(DESTDIR)$(MANDIR)/man8

INSTALL_SUID = GROUP="$(GROUP)" DESTDIR="$(DESTDIR)" BUILD="$(BUILD)" \
	LIBEXECDIR="$(LIBEXECDIR)" SYSUSERSDIR="$(SYSUSERSDIR)" \
	SYSCONFDIR="$(SYSCONFDIR)" sh dist/install-suid.sh

install-suid-run:
	@$(INSTALL_SUID) check
	@$(SUB) DESTDIR="$(DESTDIR)" install-run
	@$(INSTALL_SUID) do
