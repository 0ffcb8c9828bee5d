#!/bin/sh
# Compile the client and its tests and run these over the port program that
# PROCTOR_PORT names (build/proctor): EUnit, then Common Test, then PropEr, each
# with its own summary; the exit status says whether everything passed.
#
#	run.sh [-m MODULE] [-t NAME]
#
# runs one module of them, or of EUnit's only what has NAME in its name (a
# function, or a case by its title), as in `run.sh -t "active once"', or the
# case NAME of the suite, `run.sh -m proctor_SUITE -t run_there'.

set -eu

usage() {
	echo "usage: $0 [-m MODULE] [-t NAME]" >&2
	exit 2
}

module=
name=
while getopts m:t: option; do
	case $option in
	m) module=$OPTARG ;;
	t) name=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || usage

client=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$client/../.." && pwd)
PROCTOR_PORT=${PROCTOR_PORT:-$root/build/proctor}
export PROCTOR_PORT
ebin=$client/ebin
beams=$root/build/erlang-test
logs=$root/build/ct
warnings='-Werror +warn_unused_vars +warn_export_vars +warn_shadow_vars'
scratch=
epmd=

# What was made, and an epmd that was not there before, go again.
clean() {
	if [ -n "$scratch" ]; then
		rm -rf "$scratch"
	fi
	if [ -n "$epmd" ]; then
		epmd -kill >/dev/null 2>&1 || true
	fi
}
trap clean EXIT
if ! epmd -names >/dev/null 2>&1; then
	epmd=ours
fi

# Somebody else's checkout serves as well.
if ! mkdir -p "$ebin" "$beams" 2>/dev/null || [ ! -w "$ebin" ] ||
    [ ! -w "$beams" ]; then
	scratch=$(mktemp -d)
	ebin=$scratch/ebin
	beams=$scratch/test
	logs=$scratch/ct
	mkdir "$ebin" "$beams"
fi
mkdir -p "$logs"

# Source files hold UTF-8, whatever the locale of whoever runs this.
if [ -n "$scratch" ]; then
	sh "$client/erlc.sh" "$ebin"
else
	sh "$client/build.sh"
fi
# shellcheck disable=SC2086
erlc $warnings +debug_info -o "$beams" "$client"/test/lib/*.erl \
    "$client"/test/*.erl

# What is asked for, of the three.
wanted() {
	case $module in
	"") [ -z "$name" ] || [ "$1" = eunit ] ;;
	*_SUITE) [ "$1" = ct ] ;;
	proctor_prop) [ "$1" = proper ] ;;
	*) [ "$1" = eunit ] ;;
	esac
}

erlang() {
	erl -noshell +fnu -pa "$ebin" -pa "$beams" "$@"
}

if wanted eunit; then
	if [ -n "$module" ]; then
		modules=$module
	else
		modules=$(cd "$client/test" && echo *_tests.erl |
		    sed 's/\.erl//g')
	fi
	NAME=$name MODULES=$modules erlang -eval '
	    Modules = [list_to_atom(M)
	               || M <- string:lexemes(os:getenv("MODULES"), " ")],
	    proctor_pick:main(Modules, case os:getenv("NAME") of
	                                   "" -> all;
	                                   Name -> Name
	                               end).'
fi

# What takes long, or many; GIGABYTES says how much goes through. Its report
# is in build/ct/index.html. A node that is lost is lost to one other only, or
# the others would be parted, too.
if wanted ct; then
	BEAMS=$beams LOGS=$logs NAME=$name \
	    SUITES=${module:-proctor_SUITE proctor_task_SUITE} erlang \
	    -kernel prevent_overlapping_partitions false -eval '
	    case code:which(ct) of
	        non_existing ->
	            io:format("  Common Test: not installed, left out.~n"),
	            halt(0);
	        _ ->
	            Cases = case os:getenv("NAME") of
	                        "" -> [];
	                        Name -> [{testcase, list_to_atom(Name)}]
	                    end,
	            Suites = [list_to_atom(Suite)
	                      || Suite <- string:lexemes(os:getenv("SUITES"),
	                                                 " ")],
	            InGroup = [{group, Group}
	                       || [{testcase, Case}] <- [Cases],
	                          Suite <- Suites,
	                          {Group, _, Members} <- Suite:groups(),
	                          lists:member(Case, Members)],
	            case ct:run_test([{dir, os:getenv("BEAMS")},
	                              {suite, Suites},
	                              {auto_compile, false},
	                              {logdir, os:getenv("LOGS")}
	                              | InGroup ++ Cases]) of
	                {Ok, 0, {0, 0}} when Ok > 0 -> halt(0);
	                _ -> halt(1)
	            end
	    end.'
fi

# The model; SEQUENCES says how often.
if wanted proper; then
	SEQUENCES=${SEQUENCES:-1000} erlang -eval '
	    case code:which(proper) of
	        non_existing ->
	            io:format("  PropEr: not installed, left out.~n"),
	            halt(0);
	        _ ->
	            proctor_prop:main(list_to_integer(os:getenv("SEQUENCES")))
	    end.'
fi
