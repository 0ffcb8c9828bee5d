/*
 * proctor: the program that the node starts. main() is the start-up steps in
 * their order, then the loop of priv.
 */

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "signals.h"
#include "compat/cgroup.h"
#include "compat/proc.h"
#include "compat/stream.h"
#include "config.h"
#include "guard/guard.h"
#include "log.h"
#include "monitor/audit.h"
#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/loop.h"
#include "monitor/orphan.h"
#include "monitor/ring.h"
#include "monitor/stop.h"
#include "monitor/table.h"
#include "nofile.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "proto.h"
#include "sandbox.h"
#include "start/args.h"
#include "start/configtest.h"
#include "start/groups.h"
#include "start/login.h"
#include "start/mode.h"
#include "start/port.h"
#include "start/privdrop.h"
#include "start/privilege.h"
#include "start/ring.h"
#include "start/undo.h"

/* Nothing of the starter's is believed from here on. */
static void
start(struct starter_env *s, struct args *a, int argc, char *argv[])
{
	char *nothing[] = { NULL };

	undo_descriptors();
	closefrom(PORT_MAX + 1);
	if (argc < 1)
		_exit(EXIT_USAGE);
	configtest(argc, argv);
	undo_ids(s);
	s->node = proc_node();
	undo_environ(s);
	s->umask = umask(077);
	undo_directory(s);
	undo_signals();
	undo_limits(s);
	proc_undumpable();
	proc_title_init(argc, argv, nothing);
	args_parse(a, argc, argv);
	log_init("proctor", a->debug);
	port_check(a);
	undo_group();
}

int
main(int argc, char *argv[])
{
	static struct starter_env s; /* until exit: so is what it points to */
	struct guard_link link;
	struct runas *t;
	struct args args;
	int status;

	start(&s, &args, argc, argv);
	privilege_choose(&s, &args);
	login_check(&s);
	privdrop_user(&s);
	groups_make(&s, &args);
	privdrop_choose(&s);
	groups_fill();
	mode_tell();
	guard_start(&s, &link); /* returns in the grandchild: priv */
	cgroup_enter();

	log_init("priv", args.debug);
	setproctitle("-proctor: priv");
	orphan_init(&link);
	nofile_raise(); /* launchers, too: as many may be on their way */
	launch_init(priv_launcher_table, priv_launcher_rows);
	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		launch_start(t);
	runas_release();
	ring_start(&s, &args);
	signals_catch();
	stream_init();
	exit_init(args.linger);
	ring_watch();
	stop_init(args.alarm);
	permit_counts();
	audit_init(&s);
	privdrop_priv();
	orphan_watch_reaper(); /* again: a change of user undoes it */
	sandbox_priv(MAKER_IN_PRIV);
	status = loop_run();
	audit_end();
	ring_end();
	/* The guard may be dead, too: it may be nobody but us by now. */
	if (!orphan_wake_reaper())
		cgroup_kill_last();
	return (status);
}
