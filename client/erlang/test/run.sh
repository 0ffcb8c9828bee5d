#!/bin/sh
# Compile the client and its tests and run these over the port program that
# PROCTOR_PORT names: EUnit, then Common Test, then PropEr, each with its own
# summary; the exit status says whether everything passed.

set -eu

: "${PROCTOR_PORT:?names the port program to test}"
export PROCTOR_PORT

client=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$client/../.." && pwd)
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
# shellcheck disable=SC2086
erlc $warnings +debug_info -o "$ebin" "$client"/src/*.erl
sh "$client/app.sh" "$ebin"
# shellcheck disable=SC2086
erlc $warnings +debug_info -o "$beams" "$client"/test/*.erl

erl -noshell +fnu -pa "$ebin" -pa "$beams" -eval '
    Modules = [proctor_lines_tests, proctor_options_tests, proctor_tests,
               proctor_exec_tests, proctor_flow_tests, proctor_fold_tests,
               proctor_daemon_tests, proctor_life_tests, proctor_truth_tests,
               proctor_readme_tests, proctor_streams_tests],
    case eunit:test(Modules, [verbose]) of
        ok -> halt(0);
        error -> halt(1)
    end.'

# What takes long, or many; GIGABYTES says how much goes through. Its report
# is in build/ct/index.html. A node that is lost is lost to one other only, or
# the others would be parted, too.
erl -noshell +fnu -kernel prevent_overlapping_partitions false \
    -pa "$ebin" -pa "$beams" -eval '
    case code:which(ct) of
        non_existing ->
            io:format("  Common Test: not installed, left out.~n"),
            halt(0);
        _ ->
            case ct:run_test([{dir, "'"$beams"'"}, {suite, [proctor_SUITE]},
                              {auto_compile, false},
                              {logdir, "'"$logs"'"}]) of
                {Ok, 0, {0, 0}} when Ok > 0 -> halt(0);
                _ -> halt(1)
            end
    end.'

# The model; SEQUENCES says how often.
erl -noshell +fnu -pa "$ebin" -pa "$beams" -eval '
    case code:which(proper) of
        non_existing ->
            io:format("  PropEr: not installed, left out.~n"),
            halt(0);
        _ ->
            proctor_prop:main('"${SEQUENCES:-1000}"')
    end.'
