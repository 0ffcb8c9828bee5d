/*
 * All that priv can be asked, and by whom. What is not in these tables does
 * not exist; see dispatch.h for what is checked before a handler is called.
 */

#include "proto.h"

#include "monitor/launch.h"
#include "monitor/phase.h"
#include "monitor/report.h"
#include "monitor/request.h"
#include "monitor/table.h"

#define REQUEST sizeof(struct msg_request), sizeof(struct msg_request)
#define NOTE sizeof(struct msg_note), sizeof(struct msg_note)
#define RUN STATE_RUN
#define ANY (STATE_RUN | STATE_STOP)

const struct dispatch priv_broker_table[] = {
	{ IMSG_RUN, "run", sizeof(struct msg_run), MSG_MAX, MSG_NOFD, RUN,
	    request_handle_run },
	{ IMSG_MANAGE, "manage", sizeof(struct msg_run), MSG_MAX, MSG_NOFD, RUN,
	    request_handle_manage },
	{ IMSG_SETPGID, "setpgid", REQUEST, MSG_NOFD, RUN, request_handle_setpgid },
	{ IMSG_WINSZ, "winsz", sizeof(struct msg_winsz),
	    sizeof(struct msg_winsz), MSG_NOFD, RUN, request_handle_winsz },
	{ IMSG_PTYOPTS, "pty_opts", sizeof(struct msg_ptyopts),
	    sizeof(struct msg_ptyopts) + TTYMODES_MAX * sizeof(struct msg_mode),
	    MSG_NOFD, RUN, request_handle_ptyopts },
	{ IMSG_STOP, "stop", REQUEST, MSG_NOFD, RUN, request_handle_stop },
	{ IMSG_KILL, "kill", REQUEST, MSG_NOFD, RUN, request_handle_kill },
	{ IMSG_LIST, "list", REQUEST, MSG_NOFD, RUN, request_handle_list },
	{ IMSG_DEBUG, "debug", REQUEST, MSG_NOFD, RUN, request_handle_debug },
	{ IMSG_HELLO, "hello", REQUEST, MSG_NOFD, RUN, request_handle_hello },
	{ IMSG_REFUSE, "refuse", sizeof(struct msg_reply), MSG_REPLY_MAX,
	    MSG_NOFD, RUN, request_handle_refuse },
	{ IMSG_SHUTDOWN, "shutdown", REQUEST, MSG_NOFD, RUN, request_handle_shutdown },
};
const size_t priv_broker_rows =
    sizeof(priv_broker_table) / sizeof(priv_broker_table[0]);

const struct dispatch priv_worker_table[] = {
	{ IMSG_LOST, "lost", sizeof(struct msg_stream),
	    sizeof(struct msg_stream), MSG_NOFD, ANY, report_handle_lost },
	{ IMSG_DRAINED, "drained", NOTE, MSG_NOFD, ANY, report_handle_drained },
	{ IMSG_CUT, "cut", NOTE, MSG_NOFD, ANY, report_handle_cut },
	{ IMSG_SHUTDOWN, "shutdown", REQUEST, MSG_NOFD, ANY, request_handle_shutdown },
};
const size_t priv_worker_rows =
    sizeof(priv_worker_table) / sizeof(priv_worker_table[0]);

const struct dispatch priv_launcher_table[] = {
	{ IMSG_STREAM, "stream", sizeof(struct msg_stream),
	    sizeof(struct msg_stream), MSG_FD, ANY, launch_handle_stream },
	{ IMSG_LAUNCHED, "launched", sizeof(struct msg_launched),
	    MSG_LAUNCHED_MAX, MSG_NOFD, ANY, launch_handle_launched },
};
const size_t priv_launcher_rows =
    sizeof(priv_launcher_table) / sizeof(priv_launcher_table[0]);
