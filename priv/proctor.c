/*
 * proctor: the program that the node starts. main() is the start-up steps in
 * their order, then the loop of priv.
 */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/signals.h"
#include "compat/stream.h"
#include "log.h"
#include "nofile.h"
#include "policy/permit.h"
#include "priv.h"
#include "sandbox.h"

#include "config.h"
#include "guard/guard.h"
#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/loop.h"
#include "monitor/orphan.h"
#include "monitor/ring.h"
#include "monitor/stop.h"
#include "monitor/table.h"

/* Nothing of the starter's is believed from here on. */
static void
start(struct start *s, struct args *a, int argc, char *argv[])
{
	char *nothing[] = { NULL };

	start_descriptors();
	start_closefrom();
	start_arguments(argc);
	configtest(argc, argv);
	start_starter(s);
	start_environ(s);
	start_umask(s);
	start_directory(s);
	start_signals();
	start_limits(s);
	start_hidden();
	setproctitle_init(argc, argv, nothing);
	args_parse(a, argc, argv);
	log_init("proctor", a->debug);
	start_port(a);
	start_group();
}

int
main(int argc, char *argv[])
{
	static struct start s; /* until exit: so is what it points to */
	struct guard_link link;
	struct target *t;
	struct args args;
	int status;

	start(&s, &args, argc, argv);
	mode_choose(&s, &args);
	login_check(&s);
	privdrop_init(&s);
	guard_cgroup();
	guard_start(&s, &link); /* returns in the grandchild: priv */

	log_init("priv", args.debug);
	setproctitle("-proctor: priv");
	orphan_init(&link);
	launch_init(priv_launcher_table, priv_launcher_rows);
	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		launch_start(t);
	runas_release();
	parts_start(&s, &args);
	signals_catch();
	stream_init(0);
	nofile_raise();
	exit_init(args.linger);
	ring_watch();
	stop_init(args.alarm);
	permit_counts();
	privdrop_priv();
	orphan_watch_reaper(); /* again: a change of user undoes it */
	sandbox_priv(MAKER_IN_PRIV);
	status = loop_run();
	ring_end();
	return (status);
}
