#!/bin/sh
# What doc/getting.md promises, tried from fresh projects in an empty home, over a
# repository that holds what this tree does: that whoever compiles the
# application has a port program that runs a command; that the second time
# nothing is made; that a release can be moved and given away. A line each on
# stdout, and as the last "get: N passed, N failed, N skipped".
#
#	run.sh [WORD]		only cases with WORD in the title

set -u
cd "$(dirname "$0")/../.." || exit 1
only=${1:-}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
chmod 711 "$tmp"
mkdir "$tmp/home" "$tmp/repo"
version=$(cat VERSION)

# Whoever runs this has nothing that gets in.
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
clean() {
	env -i PATH="$path" HOME="$tmp/home" LANG=C.UTF-8 TERM=dumb \
	    GIT_CONFIG_NOSYSTEM=1 "$@"
}

passed=0
failed=0
skipped=0
case_() {
	# case_ TITLE FUNCTION: its output is told if it fails
	case $1 in
	*"$only"*) ;;
	*) return ;;
	esac
	# In a condition set -e would mean nothing.
	(set -e; "$2") >"$tmp/said" 2>&1
	case $? in
	0)
		echo "ok GET $1"
		passed=$((passed + 1))
		;;
	77)
		echo "skip GET $1: $(tail -n 1 "$tmp/said")"
		skipped=$((skipped + 1))
		;;
	*)
		echo "FAIL GET $1: regress/get/run.sh: $2: $(grep -v \
		    '^remote: ' "$tmp/said" | tail -n 20 | tr '\n' '|')"
		failed=$((failed + 1))
		;;
	esac
}

needs() {
	for each; do
		command -v "$each" >/dev/null || { echo "no $each"; exit 77; }
	done
}

# commit FOLDER: makes it a repository
commit() {
	clean git -C "$1" init -q -b main
	clean git -C "$1" add -A
	clean git -C "$1" -c user.name=x -c user.email=x@x commit -qm all
}

# What the package is made of has to be where git is.
package() {
	[ -e "$tmp/package" ] || {
		clean make -s -C "$tmp/repo" package
		cp -r "$tmp/repo/build/proctor-$version" "$tmp/package"
		commit "$tmp/package"
	}
}

# Files by their dates, but the log of each time.
made() {
	find "$1" -type f ! -name log -printf '%p %i %T@ %s\n' | sort
}

programs="proctor proctor-broker proctor-task proctor-worker"

# holds FOLDER: the programs, stripped, and no source
holds() {
	[ "$(cd "$1" && echo *)" = "$programs" ]
	for each in $programs; do
		[ -x "$1/$each" ]
		if readelf -SW "$1/$each" | grep -F .symtab; then
			exit 1
		fi
	done
}

# Where a port program says its version.
says() {
	said=$("$1/proctor" --version)
	[ "$said" = "proctor $2" ]
}

## Mix

# mix_project NAME DEPENDENCY: makes it and goes there
mix_project() {
	mkdir -p "$tmp/$1/lib"
	cd "$tmp/$1"
	cat >mix.exs <<END
defmodule User.MixProject do
  use Mix.Project
  def project, do: [app: :user, version: "1.0.0", deps: [{:proctor, $2}]]
end
END
	cat >lib/user.ex <<'END'
defmodule User do
  def main do
    {:ok, _} = Application.ensure_all_started(:proctor)
    IO.inspect(:proctor.run("echo ok `id -u`", [:sync, :stdout]))
  end

  # One that waits, one of a supervisor, and who has left them.
  def family(mark) do
    text = "setsid sleep #{mark} & sleep #{mark} & wait"
    spawn(fn -> Proctor.cmd("sh", ["-c", text]) end)
    Supervisor.start_link([{Proctor.Daemon, ["sh", ["-c", text]]}], strategy: :one_for_one)
    Process.sleep(:infinity)
  end
end
END
}

mix_twice() {
	priv=_build/dev/lib/proctor/priv
	clean mix deps.get
	clean mix compile | tee said
	grep -x 'proctor: building the port program' said
	holds $priv
	before=$(made _build/dev/lib/proctor)
	clean mix compile >said 2>&1
	cat said
	[ ! -s said ]
	[ "$(made _build/dev/lib/proctor)" = "$before" ]
	clean mix run --no-compile -e 'User.main()' | tee said
	grep -F "{:ok, [stdout: [\"ok $(id -u)\\n\"]]}" said
}

mix_git() {
	needs mix git
	mix_project mix_git \
	    "git: \"file://$tmp/repo\", branch: \"main\", subdir: \"client/proctor\""
	mix_twice
	# Mix may have a mark of its own there.
	git -C deps/proctor status --short --ignored >said
	if grep -v '/\.fetch$' said; then
		exit 1
	fi
}

# Its name is nothing that make could take.
mix_path() {
	needs mix
	cp -r "$tmp/repo" "$tmp/check out"
	rm -rf "$tmp/check out/build"
	mix_project "mix path" "path: \"../check out/client/proctor\""
	mix_twice
	[ -z "$(git -C "$tmp/check out" status --short --ignored)" ]

	before=$(cksum <$priv/proctor-worker)
	echo 9.8.7 >"$tmp/check out/VERSION"
	clean mix compile
	says $priv 9.8.7
	[ "$(cksum <$priv/proctor-worker)" != "$before" ]
}

# Another compiler, or other flags, is another build; the first is still there.
mix_flags() {
	needs mix
	mix_path_project=$tmp/mix\ path
	[ -e "$mix_path_project/_build" ] || mix_path
	cd "$mix_path_project"
	app=_build/dev/lib/proctor
	first=$(made $app/build)
	says $app/priv 9.8.7
	clean CFLAGS='-O1 -DPROCTOR_VERSION_OF=1' mix compile
	[ "$(find $app/build -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
	grep -rhF 'USER_CFLAGS = -O1 -DPROCTOR_VERSION_OF=1' \
	    $app/build/*/build/config.mk
	built=$(cksum <$app/priv/proctor)
	clean mix compile
	[ "$(cksum <$app/priv/proctor)" != "$built" ]

	# The same name, and another compiler.
	mkdir ../newer
	printf '#!/bin/sh\necho newer >&2\nexec %s "$@"\n' "$(command -v cc)" \
	    >../newer/cc
	chmod +x ../newer/cc
	path=$tmp/newer:$path clean mix compile
	[ "$(find $app/build -mindepth 1 -maxdepth 1 | wc -l)" -eq 3 ]
	echo "$first" >first
	made $app/build >now
	[ -z "$(comm -23 first now)" ]
}

mix_package() {
	needs mix
	package
	mix_project mix_package "path: \"$tmp/package\""
	mix_twice
	[ -z "$(git -C "$tmp/package" status --short --ignored)" ]
}

# Somebody else has it, elsewhere.
elsewhere() {
	mv "$1" "$tmp/moved"
	rm -rf "$2"
	if [ "$(id -u)" -ne 0 ]; then
		echo "root can give a release away"
		exit 77
	fi
	chown -R 12345:12345 "$tmp/moved"
	cd /
}

as_other() {
	clean setpriv --reuid 12345 --regid 12345 --clear-groups "$@"
}

mix_release() {
	needs mix setpriv
	package
	cp -r "$tmp/package" "$tmp/gone"
	mix_project mix_release "path: \"$tmp/gone\""
	clean MIX_ENV=prod mix release
	rel=_build/prod/rel/user
	holds $rel/lib/proctor-*/priv
	if find $rel -name '*.[chy]' -o -name configure | grep .; then
		exit 1
	fi
	elsewhere $rel "$tmp/mix_release $tmp/gone"
	as_other "$tmp/moved/bin/user" eval 'User.main()' | tee "$tmp/out"
	grep -F '{:ok, [stdout: ["ok 12345\n"]]}' "$tmp/out"
}

# until_ COMMAND: a minute at most
until_() {
	n=0
	until "$@" >"$tmp/until" 2>&1; do
		n=$((n + 1))
		[ "$n" -lt 600 ] || { cat "$tmp/until"; exit 1; }
		sleep 0.1
	done
}

family() {
	[ "$(pgrep -u 12345 -fc "^sleep $mark\$")" -eq "$1" ]
}

# Whatever it runs, and who has left that, ends with it. epmd is its own, so that
# none stays.
mix_stop() {
	needs mix setpriv epmd pgrep pkill setsid
	[ -x "$tmp/moved/bin/user" ] || mix_release
	cd /
	mark=7$$0
	epmd=$((20000 + $$ % 10000))
	clean epmd -port $epmd &
	names=$!
	user() { as_other env ERL_EPMD_PORT=$epmd "$tmp/moved/bin/user" "$@"; }
	user start &
	node=$!
	# shellcheck disable=SC2064
	trap "pkill -9 -P $node || :; pkill -P $names || :" EXIT
	until_ user pid
	os_pid=$(user pid)
	user rpc "spawn(fn -> User.family(\"$mark\") end)"
	until_ family 4
	user stop
	until_ wait_for_none "$os_pid"
	until_ family 0
}

wait_for_none() {
	! kill -0 "$1" 2>/dev/null
}

escript_says() {
	if clean "./$1" >said 2>&1; then
		exit 1
	fi
	cat said
	grep -F "cannot be executed from inside the archive or escript $PWD/$1: " \
	    said
}

mix_escript() {
	needs mix
	[ -e "$tmp/mix_package" ] || mix_package
	cd "$tmp/mix_package"
	sed -i 's/app: :user,/&escript: [main_module: User, app: nil],/' mix.exs
	echo 'defmodule User do
	def main(_), do: {:ok, _} = Application.ensure_all_started(:proctor)
	end' >lib/user.ex
	clean mix escript.build
	escript_says user
}

## rebar3

# rebar_project NAME DEPENDENCY: makes it and goes there
rebar_project() {
	mkdir -p "$tmp/$1/src"
	cd "$tmp/$1"
	cat >rebar.config <<END
{deps, [$2]}.
{relx, [{release, {mine, "1"}, [mine]}, {mode, prod},
        {vm_args, "vm.args"}]}.
END
	# No name: there is to be no epmd that stays.
	: >vm.args
	cat >src/mine.app.src <<'END'
{application, mine,
 [{description, "What uses it"}, {vsn, "1"}, {modules, []}, {registered, []},
  {applications, [kernel, stdlib, proctor]}, {mod, {mine_app, []}}]}.
END
	cat >src/mine_app.erl <<'END'
-module(mine_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_, _) ->
    io:format("~p~n", [proctor:run("echo ok `id -u`", [sync, stdout])]),
    halt(0).

stop(_) ->
    ok.
END
}

rebar_runs() {
	grep -F "{ok,[{stdout,[<<\"ok $1\\n\">>]}]}" "$2"
}

rebar_twice() {
	# rebar_twice FOLDER: where the dependency is built
	clean rebar3 compile | tee said
	grep -x 'proctor: building the port program' said
	before=$(made "$1")
	clean rebar3 compile | tee said
	if grep -E 'building|[Ff]etching' said; then
		exit 1
	fi
	[ "$(made "$1")" = "$before" ]
	clean erl -noshell -pa "$1/ebin" -pa _build/default/lib/mine/ebin \
	    -eval 'application:ensure_all_started(mine).' | tee said
	rebar_runs "$(id -u)" said
}

rebar_git() {
	needs rebar3 git
	rebar_project rebar_git \
	    "{proctor, {git, \"file://$tmp/repo\", {branch, \"main\"}}}"
	rebar_twice _build/default/lib/proctor
	[ -z "$(git -C _build/default/lib/proctor status --short)" ]
}

rebar_checkout() {
	needs rebar3
	cp -r "$tmp/repo" "$tmp/checkout"
	rm -rf "$tmp/checkout/build"
	rebar_project rebar_checkout proctor
	mkdir _checkouts
	ln -s "$tmp/checkout" _checkouts/proctor
	rebar_twice _build/default/checkouts/proctor
	holds _build/default/checkouts/proctor/priv
	[ -z "$(git -C "$tmp/checkout" status --short --ignored)" ]
}

rebar_package() {
	needs rebar3 git
	package
	rebar_project rebar_package \
	    "{proctor, {git, \"file://$tmp/package\", {branch, \"main\"}}}"
	rebar_twice _build/default/lib/proctor
	holds _build/default/lib/proctor/priv
}

rebar_package_checkout() {
	needs rebar3
	package
	rebar_project rebar_package_checkout proctor
	mkdir _checkouts
	cp -r "$tmp/package" _checkouts/proctor
	rebar_twice _build/default/checkouts/proctor
	holds _build/default/checkouts/proctor/priv
	[ -z "$(git -C _checkouts/proctor status --short --ignored)" ]
}

rebar_release() {
	needs rebar3 setpriv
	[ -e "$tmp/rebar_package" ] || rebar_package
	cd "$tmp/rebar_package"
	clean rebar3 release
	rel=_build/default/rel/mine
	holds $rel/lib/proctor-*/priv
	if find $rel/lib/proctor-* -name '*.[chy]' -o -name configure |
	    grep .; then
		exit 1
	fi
	elsewhere $rel "$tmp/rebar_package"
	as_other "$tmp/moved/bin/mine" foreground | tee "$tmp/out"
	rm -rf "$tmp/moved"
	rebar_runs 12345 "$tmp/out"
}

rebar_escript() {
	needs rebar3
	[ -e "$tmp/rebar_package_checkout" ] || rebar_package_checkout
	cd "$tmp/rebar_package_checkout"
	echo '{escript_incl_apps, [proctor]}.' >>rebar.config
	cat >src/mine.erl <<'END'
-module(mine).
-export([main/1]).

main(_) ->
    {ok, _} = application:ensure_all_started(proctor).
END
	clean rebar3 escriptize
	escript_says _build/default/bin/mine
}

## What is given

# Read by who takes Hex packages: the copy of its library in rebar3.
package_format() {
	needs rebar3 erl
	package
	cat >"$tmp/unpack.erl" <<'END'
-module(unpack).
-export([main/1]).
main([Rebar, Tar, To]) ->
    {ok, Sections} = escript:extract(Rebar, []),
    {ok, _} = zip:unzip(proplists:get_value(archive, Sections), [{cwd, To}]),
    [code:add_patha(Dir) || Dir <- filelib:wildcard(To ++ "/*/ebin")],
    {ok, Bin} = file:read_file(Tar),
    {ok, #{metadata := Metadata}} =
        r3_hex_tarball:unpack(Bin, To ++ "/proctor"),
    io:format("~p~n", [maps:without([<<"files">>], Metadata)]),
    [io:format("file ~ts~n", [Each])
     || Each <- lists:sort(maps:get(<<"files">>, Metadata))].
END
	mkdir "$tmp/hex"
	(cd "$tmp" && erlc unpack.erl)
	clean erl -noshell -pa "$tmp" -run unpack main "$(command -v rebar3)" \
	    "$tmp/repo/build/proctor-$version.tar" "$tmp/hex" \
	    -run init stop >"$tmp/hex/said"
	grep -v '^file ' "$tmp/hex/said"
	grep -F "<<\"version\">> => <<\"$version\">>" "$tmp/hex/said"
	grep -F '<<"licenses">> => [<<"ISC">>]' "$tmp/hex/said"
	diff -r --exclude=.git --exclude=hex_metadata.config "$tmp/package" \
	    "$tmp/hex/proctor"
	(cd "$tmp/package" && git ls-files) | sed 's/^/file /' |
	    LC_ALL=C sort >"$tmp/hex/files"
	sed -n '/^file /p' "$tmp/hex/said" | LC_ALL=C sort |
	    diff - "$tmp/hex/files"
}

same_bytes() {
	package
	clean make -s -C "$tmp/repo" dist
	before=$(cksum "$tmp/repo/build/proctor-$version.tar"*)
	touch "$tmp"/repo/*/*.c
	clean make -s -C "$tmp/repo" dist package
	[ "$(cksum "$tmp/repo/build/proctor-$version.tar"*)" = "$before" ]
}

# without NAME ...: a path that has no such program
without() {
	path=$(mktemp -d "$tmp/bin.XXXXXX")
	find /usr/bin /bin -mindepth 1 -maxdepth 1 -exec ln -sf -t "$path" \
	    '{}' +
	for each; do
		rm -f "$path/$each"
	done
}

source_tarball() {
	clean make -s -C "$tmp/repo" dist
	tar -xzf "$tmp/repo/build/proctor-$version.tar.gz" -C "$tmp"
	cd "$tmp/proctor-$version"
	without yacc byacc bison
	clean make -s -j 4
	says build "$version"
	(cd "$tmp/repo" && git ls-files) | while read -r each; do
		cmp "$each" "$tmp/repo/$each"
	done

	# Who changes the grammar needs it still.
	sleep 1
	touch priv/policy/parse.y
	if clean ./configure >said 2>&1; then
		exit 1
	fi
	grep '^configure: missing: yacc ' said
	grep 'apt-get install byacc$' said
}

missing() {
	needs mix
	without cc c99 gcc yacc byacc bison pkg-config pkgconf
	mix_project missing "path: \"$tmp/repo/client/proctor\""
	if clean mix compile >said 2>&1; then
		exit 1
	fi
	cat said
	grep '^configure: missing: cc pkg-config yacc' said
	grep 'Debian.*apt-get install gcc libc6-dev pkg-config byacc' said
	grep 'Alpine: apk add gcc musl-dev linux-headers pkgconf bison' said
	grep 'Fedora: dnf install gcc pkgconf-pkg-config byacc' said
	grep 'the port program of proctor cannot be built' said

	# Only a library is missing.
	without
	if clean PKG_CONFIG_LIBDIR=/nowhere mix compile >said 2>&1; then
		exit 1
	fi
	cat said
	grep 'install libbsd-dev libevent-dev libcap-dev *$' said
}

# readme N: the N-th lines to copy of README.md, in an empty folder
readme() {
	sed -n '/^## Getting it/,/^## Five/p' "$tmp/repo/README.md" |
	    awk -v n="$1" '/^```/ { on = 0 } on; /^```sh/ { on = ++i == n }' |
	    sed "s|\"URL\"|\"file://$tmp/repo\"|" >"$tmp/lines.$1"
	cat "$tmp/lines.$1"
	[ "$(grep -c . "$tmp/lines.$1")" -gt 1 ]
	[ "$(grep -c . "$tmp/lines.$1")" -le 6 ]
	cd "$(mktemp -d "$tmp/readme.XXXXXX")"
	clean sh -e "$tmp/lines.$1" >said 2>&1
	cat said
}

readme_erlang() {
	needs rebar3 erl
	readme 1
	grep -F 'stdout => <<"it runs\n">>' said
}

readme_elixir() {
	needs elixir
	readme 2
	grep -F '{"it runs\n", 0}' said
}

# What git knows here, as it is now; of a tree without it, all but what is built.
{
	git ls-files -z 2>/dev/null ||
	    find . \( -path ./build -o -name .git -o -name _build -o -name ebin \) -prune -o \
	        \( -type f -o -type l \) -print0
} | tar --null -T - -cf - | tar -xf - -C "$tmp/repo"
commit "$tmp/repo"

case_ "the README's lines to copy, for Erlang" readme_erlang
case_ "the README's lines to copy, for Elixir" readme_elixir
case_ "Mix, from git" mix_git
case_ "Mix, a checkout; names have spaces; what has changed is built again" \
    mix_path
case_ "Mix, other flags are another build" mix_flags
case_ "Mix, the package" mix_package
case_ "Mix, a release of the package, moved, as another user" mix_release
case_ "Mix, a release that stops leaves nothing" mix_stop
rm -rf "$tmp/moved"
case_ "Mix, an escript says that it can hold no program" mix_escript
case_ "rebar3, from git" rebar_git
case_ "rebar3, a checkout, by a link in _checkouts" rebar_checkout
case_ "rebar3, the package" rebar_package
case_ "rebar3, the package in _checkouts" rebar_package_checkout
case_ "rebar3, a release of the package, moved, as another user" rebar_release
case_ "rebar3, an escript says that it can hold no program" rebar_escript
case_ "the package is what Hex takes" package_format
case_ "the same source makes the same bytes" same_bytes
case_ "the source tarball needs no yacc" source_tarball
case_ "what is missing is named, with its packages" missing
echo "get: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
