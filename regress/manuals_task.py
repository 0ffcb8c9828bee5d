#!/usr/bin/env python3
"""Asks whether what is written of proctor-task and its clients has each flag,
exit status, frame, option and stage of the sources, and none that is gone.

With --self-test it asks itself whether it would find what is missing."""

import re
import sys

from manuals import ROOT, missing, text

CLIENT = "client/proctor/src/"


def sources():
    return "".join(path.read_text()
                   for path in sorted((ROOT / "task").glob("*.c")))


def both(where, said, there):
    """What of one of these is not in the other."""
    return (missing("%s lacks" % where, said, there)
            + missing("%s has what is gone" % where, there, said))


def flags(manual, main):
    said = set(re.findall(r'^\t\t\{ "([A-Za-z-]+)", \w+_argument', main, re.M))
    usage = "".join(re.findall(r'"([^"]*)"', main.split("usage(void)\n{")[1]
                               .split("}")[0]))
    where = {"the synopsis of proctor-task(8)":
             re.findall(r"^\.Op Fl ([A-Za-z-]+)", manual, re.M),
             "the list of proctor-task(8)":
             re.findall(r"^\.It Fl ([A-Za-z-]+)", manual, re.M),
             "proctor-task's usage": re.findall(r"\[-([A-Za-z-]+)", usage)}
    return [each for name, there in where.items()
            for each in both(name, said, set(there))], len(said)


def statuses(manual, protocol):
    """fatal() is one of them."""
    number = dict(re.findall(r"^#define (EXIT_[A-Z]+) ([0-9])",
                             text("common/proto.h"), re.M))
    said = {number[name] for name in
            {"EXIT_RING", *re.findall(r"EXIT_[A-Z]+", sources())}}
    listed = manual.split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    sentence = re.search(r"The program ends with(.*?)\. It", protocol, re.S)
    return (both("proctor-task(8)", said,
                 set(re.findall(r"^\.It ([0-9])$", listed, re.M)))
            + both("doc/task-protocol.md", said,
                   set(re.findall(r"\b[0-9]\b", sentence[1]))))


def numbered(header, kind, prefix):
    """{(number, name)} of an enum."""
    body = re.search(r"\benum %s \{(.*?)\n\};" % kind, header, re.S)[1]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    found, number = set(), -1
    for name, at in re.findall(r"%s_(\w+)(?: = ([0-9]+))?" % prefix, body):
        number = int(at) if at else number + 1
        found.add((number, name))
    return found


def tabled(page):
    """{(number, name)} of tables with these in their first columns."""
    return {(int(number), name.strip(" `").upper().replace(" ", "_"))
            for numbers, names in re.findall(
                r"^\| ([0-9, ]+) \| (`[A-Z_`, ]+`|[a-z ]+) \|", page, re.M)
            for number, name in zip(numbers.split(","), names.split(","))}


def frames(protocol, header):
    said = {each for kind, prefix in (("wire_down", "WIRE"),
                                      ("wire_up", "WIRE"),
                                      ("wire_option", "OPTION"))
            for each in numbered(header, kind, prefix)}
    return both("doc/task-protocol.md", {"%d %s" % each for each in said},
                {"%d %s" % each for each in tabled(protocol)}), len(said)


def stages(protocol):
    """How errors begin; owner, options and start are the client's own."""
    said = set(re.findall(
        r'\b(?:(?:answer|answer_error|call_failed|tell_error)\([^";]*|'
        r'stage = )"([a-z]+)"', sources()))
    table = protocol.split("## 5. Answers")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `([a-z]+)` \|", table, re.M))
    client = text(CLIENT + "proctor_task.erl").split("%% Errors are")[1]
    told = set(re.findall(r"`([a-z]+)'", " ".join(re.findall(
        r"<dt>(.*?)</dt>", client.split("-module")[0]))))
    return (both("doc/task-protocol.md", said, listed)
            + both("proctor_task", said | {"owner", "options", "start"},
                   told), len(said))


def quoted(page):
    """What stands between quotes of EDoc, in words."""
    notes = "".join(re.findall(r"^%% ?(.*\n)", page, re.M))
    return {word for span in re.findall("`([^']*)'", notes)
            for word in re.findall(r"[a-z][a-z0-9_]*", span)}


def options():
    """Of start/1 and exec/3, in both clients."""
    page = text(CLIENT + "proctor_task.erl")
    tree = text(CLIENT + "proctor_task_tree.erl")
    own = set(re.findall("[a-z_]+", re.search(r"Own = \[(.*?)\]", tree,
                                              re.S)[1]))
    given = set(re.findall(r"^value\(([a-z_0-9]+), [^N]",
                           text(CLIENT + "proctor_task_exec.erl"), re.M))
    given |= {"stdout", "stderr"}
    elixir = text("client/proctor/lib/proctor/task.ex")
    known = set(re.findall(r"[a-z_0-9]+", re.search(
        r"~w\((env [a-z_0-9 \n]+)\)a", elixir)[1]))
    known |= set(re.findall(r":([a-z_]+)", re.search(
        r"\[(:owner, .*?)\]", elixir, re.S)[1]))
    shown = set(re.findall(r"`:([a-z_0-9]+)`", elixir))
    return (missing("proctor_task:start/1 lacks", own - {"stderr"},
                    quoted(page))
            + missing("proctor_task:exec/3 lacks", given, quoted(page))
            + missing("Proctor.Task lacks", known, shown),
            len(own), len(given), len(known))


def look(manual, protocol, main, header):
    found, counts = [], []
    for more, *counted in (flags(manual, main), frames(protocol, header),
                           stages(protocol), options(),
                           (statuses(manual, protocol), 6)):
        found += more
        counts += counted
    return found, counts


def main():
    pages = [text(name) for name in ("man/proctor-task.8",
                                     "doc/task-protocol.md",
                                     "task/main.c", "task/wire.h")]
    if sys.argv[1:] == ["--self-test"]:
        pages[0] = pages[0].replace(".It Fl calls", ".It Fl cals")
        pages[1] = re.sub(r"\| 5 \| `ACK`.*\n|\| `gone` .*\n", "", pages[1])
        pages[3] = pages[3].replace("OPTION_LINGER", "OPTION_LONGER")
        return int(look(*pages)[0] != [
            "the list of proctor-task(8) lacks: calls",
            "the list of proctor-task(8) has what is gone: cals",
            "doc/task-protocol.md lacks: 5 ACK",
            "doc/task-protocol.md lacks: 5 LONGER",
            "doc/task-protocol.md has what is gone: 5 LINGER",
            "doc/task-protocol.md lacks: gone"])
    found, counts = look(*pages)
    for each in found:
        print(f"manuals: {each}")
    return int(bool(found) or any(count < least for count, least in
                                  zip(counts, (6, 27, 10, 5, 14, 15, 6))))


if __name__ == "__main__":
    sys.exit(main())
