#!/bin/sh
# Writes what follows from the rows of the task program: the functions of
# proctor_alcove and the arguments of each. `check' only says whether they are
# as they have to be.
#
#	alcove.sh [check]

set -eu
client=$(cd "$(dirname "$0")" && pwd)
rows=$client/../../task/rows.c
constants=$client/../../task/constants.txt

# And system calls, whose names come from the compiler.
kinds() {
	sed -n 's/^\([a-z]*\) .*[a-z]\.h.*/\1/p' "$constants"
	echo syscall
}

letters() {
	cat <<'EOF'
%% @doc The arguments of each row of the task program, by letters as in
%% `task/call.h'. Written by `alcove.sh' from `task/rows.c'.
-module(proctor_alcove_rows).

-export([letters/1, kinds/0, loop/0]).

%% @doc Those of the row of that name; none if there is no such row.
-spec letters(atom()) -> string().
EOF
	sed -n 's/^	{ "\([a-z0-9_]*\)", "\([^"]*\)".*/letters(\1) -> "\2";/p' "$rows"
	cat <<'EOF'
letters(_) -> "".

%% @doc The kinds of constants.
-spec kinds() -> [atom()].
kinds() ->
EOF
	kinds | awk '
	{ list = list (NR > 1 ? ",\n     " : "") $1 }
	END { print "    [" list "]." }'
	cat <<'EOF'

%% @doc The system calls of Linux that the loop of a task makes, some of them
%% only in part.
-spec loop() -> [atom()].
loop() ->
EOF
	{
		awk '/^const char call_loop/ { on = 1 } on { print }
		    on && /;$/ { exit }' "$rows" | grep -o '"[^"]*"' |
		    tr -d '"' | tr -s ' ' '\n'
		printf '%s\n' mmap mprotect prctl prlimit64
	} | grep . | awk '
	{ list = list (NR > 1 ? ",\n     " : "") $1 }
	END { print "    [" list "]." }'
}

functions() {
	cat <<'EOF'
%% @doc Calls of tasks in the shape of alcove: of a tree that
%% {@link proctor_alcove_drv:start/0} has started, or that
%% {@link proctor_prx:drv/1} names, by the numbers from the root's child down to
%% the task. Each is there with a time in milliseconds as well; when that is
%% over it returns `false', and what comes later is dropped. Results, and what
%% is raised, are those of {@link proctor_prx}.
%%
%% Written by `alcove.sh' from `task/rows.c'.
-module(proctor_alcove).

-export([call/4, call/5, stdin/3, eof/2, eof/3, stdout/2, stdout/3, stderr/2,
         stderr/3, event/2, event/3]).
EOF
	{
		sed -n 's/^	{ "\([a-z0-9_]*\)", "\([^"]*\)".*/\1 \2/p' "$rows"
		kinds | sed 's/$/_constant T/'
	} | awk '
	# In lines of 80.
	function spec(type,  text, words, i, n, used) {
		n = split("-spec " type " -> term().", words, " ")
		text = words[1]
		used = length(text)
		for (i = 2; i <= n; i++) {
			if (used + 1 + length(words[i]) > 80) {
				text = text "\n         "
				used = 9
			} else {
				text = text " "
				used++
			}
			text = text words[i]
			used += length(words[i])
		}
		return text "\n"
	}
	BEGIN {
		# As alcove has them.
		count["cpid"] = 0
		count["getcpid"] = 2
		count["setcpid"] = 3
		count["filter"] = 2
		count["readdir"] = 1
	}
	{
		n = $1 in count ? count[$1] : NF - 1
		line = line sprintf("-export([%s/%d, %s/%d]).\n", $1, n + 2, $1,
		    n + 3)
		head = $1 "(Drv, Pids"
		type = $1 "(drv(), pids()"
		args = ""
		for (i = 1; i <= n; i++) {
			head = head ", A" i
			type = type ", term()"
			args = args (i > 1 ? ", " : "") "A" i
		}
		body = body sprintf("\n%%%% @equiv call(Drv, Pids, %s, [%s])\n",
		    $1, args)
		body = body spec(type ")") head ") ->\n"
		body = body sprintf("    call(Drv, Pids, %s, [%s]).\n", $1, args)
		body = body sprintf("\n%%%% @equiv call(Drv, Pids, %s, [%s], Timeout)\n",
		    $1, args)
		body = body spec(type ", timeout())") head ", Timeout) ->\n"
		body = body sprintf("    call(Drv, Pids, %s, [%s], Timeout).\n", $1,
		    args)
	}
	END {
		printf "%s", line
		print ""
		print "-type drv() :: pid()."
		print ""
		print "-type pids() :: [integer()]."
		print ""
		print "%% @doc A call by its name."
		print "-spec call(drv(), pids(), atom(), [term()]) -> term()."
		print "call(Drv, Pids, Name, Args) ->"
		print "    call(Drv, Pids, Name, Args, infinity)."
		print ""
		print "%% @doc The same; `false'\'' if it takes longer."
		print "-spec call(drv(), pids(), atom(), [term()], timeout()) -> term()."
		print "call(Drv, Pids, Name, Args, Timeout) ->"
		print "    proctor_alcove_drv:call(Drv, Pids, Name, Args, Timeout)."
		printf "%s", body
	}'
	cat <<'EOF'

%% @doc Input for a program: see {@link proctor_prx:stdin/2}.
-spec stdin(drv(), pids(), iodata()) -> ok.
stdin(Drv, Pids, Data) ->
    proctor_alcove_drv:stdin(Drv, Pids, Data).

%% @equiv eof(Drv, Pids, stdin)
-spec eof(drv(), pids()) -> ok | {error, atom()}.
eof(Drv, Pids) ->
    eof(Drv, Pids, stdin).

%% @doc Closes a stream of a task.
-spec eof(drv(), pids(), stdin | stdout | stderr) -> ok | {error, atom()}.
eof(Drv, Pids, Stream) ->
    proctor_alcove_drv:eof(Drv, Pids, Stream).

%% @equiv stdout(Drv, Pids, 0)
-spec stdout(drv(), pids()) -> binary() | false.
stdout(Drv, Pids) ->
    stdout(Drv, Pids, 0).

%% @doc Output of a program that comes within that time.
-spec stdout(drv(), pids(), timeout()) -> binary() | false.
stdout(Drv, Pids, Timeout) ->
    taken(alcove_stdout, Drv, Pids, Timeout).

%% @equiv stderr(Drv, Pids, 0)
-spec stderr(drv(), pids()) -> binary() | false.
stderr(Drv, Pids) ->
    stderr(Drv, Pids, 0).

%% @doc The same of its standard error.
-spec stderr(drv(), pids(), timeout()) -> binary() | false.
stderr(Drv, Pids, Timeout) ->
    taken(alcove_stderr, Drv, Pids, Timeout).

%% @equiv event(Drv, Pids, 0)
-spec event(drv(), pids()) -> tuple() | false.
event(Drv, Pids) ->
    event(Drv, Pids, 0).

%% @doc How a task ended, or a signal that it has caught.
-spec event(drv(), pids(), timeout()) -> tuple() | false.
event(Drv, Pids, Timeout) ->
    taken(alcove_event, Drv, Pids, Timeout).

taken(What, Drv, Pids, Timeout) ->
    receive
        {What, Drv, Pids, Value} -> Value
    after Timeout ->
        false
    end.
EOF
}

same() {
	"$1" | cmp -s - "$client/src/$2" || {
		echo "$2 is not what follows from task/rows.c: run alcove.sh" >&2
		exit 1
	}
}

if [ "${1:-}" = check ]; then
	same letters proctor_alcove_rows.erl
	same functions proctor_alcove.erl
else
	letters >"$client/src/proctor_alcove_rows.erl"
	functions >"$client/src/proctor_alcove.erl"
fi
