/*
 * All that priv can be asked, and by whom. What is not in these tables does
 * not exist; see dispatch.h for what is checked before a handler is called.
 */

#include "proto.h"

#include "monitor/contain.h"
#include "monitor/launch.h"
#include "monitor/phase.h"
#include "monitor/report.h"
#include "monitor/request.h"
#include "monitor/request_leaf.h"
#include "monitor/table.h"

#define RUN STATE_RUN
#define ANY (STATE_RUN | STATE_STOP)

const struct dispatch priv_broker_table[] = {
	{ IMSG_RUN, RUN, request_handle_run },
	{ IMSG_MANAGE, RUN, request_handle_manage },
	{ IMSG_SETPGID, RUN, request_handle_setpgid },
	{ IMSG_WINSZ, RUN, request_handle_winsz },
	{ IMSG_PTYOPTS, RUN, request_handle_ptyopts },
	{ IMSG_STOP, RUN, request_handle_stop },
	{ IMSG_KILL, RUN, request_handle_kill },
	{ IMSG_LIST, RUN, request_handle_list },
	{ IMSG_DEBUG, RUN, request_handle_debug },
	{ IMSG_HELLO, RUN, request_handle_hello },
	{ IMSG_CGROUP_SET, RUN, request_handle_cgroup_set },
	{ IMSG_STATS, RUN, request_handle_stats },
	{ IMSG_PAUSE, RUN, request_handle_pause },
	{ IMSG_REFUSE, RUN, request_handle_refuse },
	{ IMSG_SHUTDOWN, RUN, request_handle_shutdown },
};
const size_t priv_broker_rows =
    sizeof(priv_broker_table) / sizeof(priv_broker_table[0]);

const struct dispatch priv_worker_table[] = {
	{ IMSG_LOST, ANY, report_handle_lost },
	{ IMSG_DRAINED, ANY, report_handle_drained },
	{ IMSG_CUT, ANY, report_handle_cut },
	{ IMSG_IDLE, ANY, report_handle_idle },
	{ IMSG_SHUTDOWN, ANY, request_handle_shutdown },
};
const size_t priv_worker_rows =
    sizeof(priv_worker_table) / sizeof(priv_worker_table[0]);

const struct dispatch priv_launcher_table[] = {
	{ IMSG_STREAM, ANY, launch_handle_stream },
	{ IMSG_LAUNCHED, ANY, launch_handle_launched },
};
const size_t priv_launcher_rows =
    sizeof(priv_launcher_table) / sizeof(priv_launcher_table[0]);

const struct dispatch priv_keeper_table[] = {
	{ IMSG_LEAF, ANY, contain_handle_leaf },
	{ IMSG_LEAF_DONE, ANY, contain_handle_done },
	{ IMSG_LEAF_STATE, ANY, contain_handle_state },
	{ IMSG_LEAF_EVENT, ANY, contain_handle_event },
};
const size_t priv_keeper_rows =
    sizeof(priv_keeper_table) / sizeof(priv_keeper_table[0]);
