#!/bin/sh
# Makes what others are given, the same bytes each time:
#
#	tree.sh dist	BUILD/proctor-VERSION.tar.gz: all that git has, and the
#			parser, so that nobody who builds it needs yacc
#	tree.sh package	BUILD/proctor-VERSION/, which Mix and rebar3 take as it is,
#			and as BUILD/proctor-VERSION.tar
#
# A package has in port/ what the port program is made of; the rest is that of
# client/proctor. The archive is that of Hex: a tar of
#
#	VERSION		of the format: 3
#	metadata.config	Erlang terms, {<<"key">>, value}.
#	contents.tar.gz	the files
#	CHECKSUM	SHA-256 of these three, one behind the other, in capitals

set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
name=proctor-$version
out=$BUILD/$name
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1)}

# pack FOLDER FILE ...: on standard output
pack() {
	folder=$1
	shift
	tar -C "$folder" --format=ustar --sort=name --mtime="@$epoch" --owner=0 \
	    --group=0 --numeric-owner --mode=go=rX,u+rw -cf - "$@"
}

# copy TO FILE ...: each where it is, below TO
copy() {
	to=$1
	shift
	mkdir -p "$to"
	tar -cf - "$@" | tar -xf - -C "$to"
}

# What git knows here; of a tree without it, all but what is built.
files() {
	git ls-files -z 2>/dev/null ||
	    find . \( -path ./build -o -name .git -o -name _build -o -name ebin \) -prune -o \
	        \( -type f -o -type l \) -print0
}

dist() {
	files >"$BUILD/files"
	mkdir -p "$out"
	tar --null -T "$BUILD/files" -cf - | tar -xf - -C "$out"
	cp "$PARSE_C" "$out/dist/parse.c"
	pack "$BUILD" "$name" | gzip -9n >"$out.tar.gz"
	rm -r "$out" "$BUILD/files"
	echo "$out.tar.gz"
}

# binaries WORD ...: as a list of Erlang
binaries() {
	printf '<<"%s">>\n' "$@" | paste -sd , | sed 's/.*/[&]/'
}

term() {
	printf '{<<"%s">>,%s}.\n' "$1" "$2"
}

metadata() {
	app=$(tr '\n' ' ' <client/proctor/src/proctor.app.src)
	description=$(echo "$app" | sed 's/.*{description, *"\([^"]*\)".*/\1/')
	elixir=$(sed -n 's/.* elixir: "\(.*\)",$/\1/p' client/proctor/mix.exs)
	term name '<<"proctor">>'
	term app '<<"proctor">>'
	term version "<<\"$version\">>"
	term description "<<\"$description\">>"
	term elixir "<<\"$elixir\">>"
	term licenses '[<<"ISC">>]'
	term links '[]'
	term requirements '[]'
	term build_tools '[<<"mix">>,<<"rebar3">>]'
	# Names of ours have no space.
	# shellcheck disable=SC2046
	term files "$(binaries $(cd "$out" && find . -type f | sed 's/^..//' |
	    LC_ALL=C sort))"
}

package() {
	copy "$out" README.md CHANGELOG.md LICENSE VERSION
	# shellcheck disable=SC2046
	(cd client/proctor && tar -chf - mix.exs rebar.config port.sh chunks.sh \
	    $(find src include $(ls -d lib 2>/dev/null) -name '*.[eh]rl' -o -name '*.ex')) |
	    tar -xf - -C "$out"
	sh client/proctor/app.sh "$out/src"
	mv "$out/src/proctor.app" "$out/src/proctor.app.src"
	# shellcheck disable=SC2046
	copy "$out/port" configure Makefile VERSION LICENSE priv/README \
	    $(find broker common priv task worker -name '*.[chy]') \
	    task/constants.txt task/constants.awk worker/stages.hrl
	mkdir "$out/port/dist"
	cp "$PARSE_C" "$out/port/dist/parse.c"

	parts=$out.parts
	rm -rf "$parts"
	mkdir "$parts"
	printf 3 >"$parts/VERSION"
	metadata >"$parts/metadata.config"
	# Its names do not begin with a dot.
	# shellcheck disable=SC2046
	pack "$out" $(ls "$out") | gzip -9n >"$parts/contents.tar.gz"
	(cd "$parts" && cat VERSION metadata.config contents.tar.gz) |
	    sha256sum | cut -d ' ' -f 1 | tr 'a-f' 'A-F' | tr -d '\n' \
	    >"$parts/CHECKSUM"
	pack "$parts" VERSION CHECKSUM metadata.config contents.tar.gz \
	    >"$out.tar"
	rm -r "$parts"
	echo "$out.tar"
}

rm -rf "$out"
"$1"
