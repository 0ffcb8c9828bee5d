#!/usr/bin/env python3
"""Asks whether manuals and pages have each line of the log, flag, request and
option, and each message, of the sources, and no line of the log that is gone.

With --self-test it asks itself whether it would find what is missing."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STRINGS = r'"(?:[^"\\]|\\.)*"'
# What ends its process is not in the list of lines.
LINE = re.compile(r"\b(?:log_warnx?|log_debug|say|refusal|"
                  r"refuse\(s, EXIT_[A-Z]+,)\(?\s*((?:%s\s*)+)[,)]"
                  % STRINGS)
# Of builds that look for what a sandbox lacks; and what is put together.
LEFT_OUT = {"system call % (%) of machine % was refused"}
MADE = {"% sent %"}


def text(*names):
    return "".join((ROOT / name).read_text() for name in names)


def sources():
    return [path.read_text() for folder in
            ("priv", "broker", "worker", "common", "task")
            for path in sorted((ROOT / folder).rglob("*.c"))]


def shape(line):
    """A line as it is compared: what is put in is not looked at."""
    line = line.replace('\\"', '"').replace(r"\(dq", '"')
    return re.sub(r"%#?[.0-9]*[a-z]+", "%", line)


def lines(source):
    return {shape("".join(piece[1:-1] for piece in re.findall(STRINGS, said)))
            for said in LINE.findall(source)}


def usages(source):
    """What a command line is refused with before there is a log."""
    return {shape(line) for line in
            re.findall(r'"proctor-task: ([^"]*)\\n"', source)}


def writers(source):
    """What processes call themselves in the log."""
    return set(re.findall(
        r'\b(?:log_init|ring_join|wait_confine)\("([^"]+)"', source))


def diagnostics(page):
    return {shape(line) for line in re.findall(r'^\.It "(.*)"$', page, re.M)}


def rows(source, name):
    """The names in a table of C."""
    table = re.search(r"\b%s\[\] = \{\n(.*?)\n\};" % name, source, re.S)
    return set(re.findall(r'^\t\{ "([^"]+)"', table[1], re.M))


def words(page):
    """What stands between backquotes, in words."""
    return {word for span in re.findall("`([^`]+)`", page.replace("\\|", "|"))
            for word in re.findall(r"-{0,2}[a-z][a-z0-9_-]*", span)}


def flags(page):
    """The flags of a manual's synopsis and list."""
    return {"-" + word for word in
            re.findall(r"(?:^\.It|^\.Op|\||,) Fl ([a-z-]+)", page, re.M)}


def vocabulary():
    """Whatever the port program may say: a test holds this to its sources."""
    source = text("client/proctor/src/proctor_port.erl")
    listed = source.split("\nvocabulary() ->\n")[1].split("].")[0]
    return set(re.findall(r"[a-z][a-z0-9_]*", re.sub("%%.*", "", listed)))


def node_lines():
    """What the client writes into the node's log as text."""
    told = re.compile(r'\?TELL\([a-z]+,\s*((?:%s\s*)+)' % STRINGS)
    return {re.sub(r"~[0-9]*[a-z]+", "%",
                   "".join(piece[1:-1] for piece in re.findall(STRINGS, said)))
            for path in (ROOT / "client/proctor/src").glob("*.erl")
            for said in told.findall(path.read_text())}


def column(page, heading):
    """The first column of the tables below that heading, or header."""
    part = page.split(heading, 1)[1].split("\n## ")[0]
    return [row.split(" | ")[0][2:] for row in part.splitlines()
            if row.startswith("| ") and not row.startswith("| ---")]


def wrong(page):
    """What the page about messages lacks, or has too much."""
    has = {line.strip("`").replace("...", "%")
           for line in column(page, "## The log of the node")[1:]}
    said = node_lines()
    found = missing("doc/wrong.md lacks", said, has)
    found += missing("doc/wrong.md has what nobody says", has, said)
    stages = set(re.findall(r"^    ([a-z]+) =>",
                            text("client/proctor/src/proctor_stages.hrl"),
                            re.M))
    there = {word for cell in column(page, "| stage |")
             for word in words(cell)}
    found += missing("doc/wrong.md lacks", stages, there)
    statuses = set(re.findall(r"^#define EXIT_[A-Z]+ ([1-9])",
                              text("common/proto.h"), re.M))
    known = set(re.findall(r"exited_with_status, ([0-9])", page))
    return found + missing("doc/wrong.md lacks status", statuses, known)


def client_options():
    """Those of runs and instances that the client's documents lack."""
    source = ROOT / "client" / "proctor" / "src"
    pages = [(source / name).read_text() for name in
             ("proctor.erl", "proctor_daemon.erl")]
    said = set(re.findall(r"[a-z][a-z0-9_]*", " ".join(
        cell for page in pages
        for cell in re.findall("<dt>(.*?)</dt>", page, re.S))))
    table = (source / "proctor_option_table.erl").read_text()
    runs = set(re.findall(r"^ {4,5}\[?\{([a-z_0-9]+), ",
                          table.split("-define(ROWS,")[1].split("]).\n")[0],
                          re.M))
    starts = (source / "proctor_start_options.erl").read_text()
    keys = set(re.findall(r"[a-z_]+", re.search(
        r"-define\(KEYS,(.*?)\)\.", starts, re.S)[1]))
    elixir = ROOT / "client" / "proctor" / "lib"
    rows_there = (elixir / "proctor" / "spec.ex").read_text().split(
        "@rows [")[1].split("\n  ]")[0]
    named = set(re.findall(r"^    \{:([a-z_0-9]+), ", rows_there, re.M))
    shown = {word for path in elixir.rglob("*.ex") if path.name != "spec.ex"
             for span in re.findall("`([^`]*)`", path.read_text())
             for word in re.findall(r"[a-z][a-z0-9_]*", span)}
    return (missing("proctor:run/2 lacks", runs, said)
            + missing("proctor:start/1 lacks", keys, said)
            + missing("Proctor lacks", named, shown),
            len(runs), len(keys), len(named))


def missing(name, wanted, there):
    return [f"{name}: {each}" for each in sorted(wanted - there)]


def look(said, log, protocol):
    named = writers("".join(sources()))
    listed = set(re.findall("^.It Cm (.*)$", text("man/proctor-log.7"), re.M))
    found = missing("proctor-log(7) lacks", named, listed)
    found += missing("proctor-log(7) has who is gone", listed, named)
    found += missing("proctor-log(7) lacks", said - LEFT_OUT, log)
    found += missing("proctor-log(7) has what nobody says", log, said | MADE)
    options = text("broker/options.c")
    request = text("broker/request.c")
    args = text("priv/start/args.c")
    known = words(protocol)
    asked = rows(request, "requests") | rows(options, "options")
    told = vocabulary()
    found += missing("PROTOCOL.md lacks", asked | told, known)
    guide = words(text("doc/port-program.md"))
    found += missing("doc/port-program.md lacks",
                     rows(request, "requests") - {"hello"}, guide)
    found += missing("doc/port-program.md lacks",
                     rows(options, "options"), guide)
    flag = rows(args, "rows")
    found += missing("PROTOCOL.md lacks", flag, known)
    found += missing("proctor(8) lacks", flag, flags(text("man/proctor.8")))
    found += wrong(text("doc/wrong.md"))
    for path in sorted((ROOT / "doc").glob("*.md")):
        if not re.search(r"\bdoc/%s|`%s`" % (path.name, path.name),
                         text("README.md")):
            found.append(f"README.md does not name doc/{path.name}")
    for name in re.findall(r"`(doc/[a-z-]+\.md)`", text("README.md")):
        if not (ROOT / name).exists():
            found.append(f"README.md names {name}, which is not there")
    options, *more = client_options()
    return (found + options, len(said), len(asked), len(told), len(flag),
            *more)


def main():
    said = set().union(*(lines(source) | usages(source)
                         for source in sources()))
    log = diagnostics(text("man/proctor-log.7"))
    protocol = text("PROTOCOL.md")
    if sys.argv[1:] == ["--self-test"]:
        found = look(said | lines('log_warnx("new %s"\n  " line", x);'),
                     log | {"old"}, protocol.replace("success_exit_code", ""))
        short = re.sub(r"\| `fork` .*\n|\| `proctor: reply .*\n|.*, 6}.*\n",
                       "", text("doc/wrong.md"))
        return int((found[0], wrong(short)) !=
                   (["proctor-log(7) lacks: new % line",
                     "proctor-log(7) has what nobody says: old",
                     "PROTOCOL.md lacks: success_exit_code"],
                    ["doc/wrong.md lacks: "
                     "proctor: reply %, which nobody waits for, dropped",
                     "doc/wrong.md lacks: fork",
                     "doc/wrong.md lacks status: 6"]))
    found, *counts = look(said, log, protocol)
    for each in found:
        print(f"manuals: {each}")
    return int(bool(found) or any(count < least for count, least in
                                  zip(counts, (100, 45, 150, 15, 70, 15, 55))))


if __name__ == "__main__":
    sys.exit(main())
