#!/usr/bin/python3
"""Are the promises of each process on OpenBSD what it needs, and no more?

usage: pledge.py [--self-test] [FOLDER]

sandbox_openbsd.c says what each process promises; which calls it makes was
seen on Linux (regress/priv/calls.txt), and what priv does there for a child,
which it makes itself, are the names that its objects in FOLDER want (nm).
elsewhere/openbsd/promises.txt says what each call takes.
"""
import collections
import glob
import re
import subprocess
import sys

HERE = "regress/elsewhere/openbsd/"
BOX = "common/compat/sandbox_openbsd.c"
# Who makes the calls of a process of calls.txt there; None: nobody.
PLACE = {"task-guard": "task_guard", "keeper": None}
PATHS = {"rpath", "wpath", "cpath", "dpath", "exec", "tmppath"}
# What runs between fork and exec, under the promises of priv.
CHILD = ("priv/launcher/*", "common/drop", "common/compat/clone_fork",
         "common/compat/pty", "common/compat/ptymodes",
         "common/compat/bounds_none", "common/compat/fresh_none",
         "common/compat/privs_none", "common/compat/proc_generic",
         "common/signals")
FUNCTION = re.compile(r"^sandbox_(\w+)\(.*?\)\n\{\n(.*?)^\}", re.M | re.S)


def boxes(source):
    """{process: (promises, does no path lead anywhere)}"""
    found = {}
    bodies = dict(FUNCTION.findall(source))
    for name in bodies:
        body = bodies[name]
        other = re.search(r"\bsandbox_(\w+)\(", body)
        if other:
            body = bodies[other.group(1)]
        promise = re.search(r'promise\("([^"]*)"\)', body)
        if promise:
            found[name] = (set(promise.group(1).split()),
                           "no_paths();" in body)
    return found


def table(text):
    """{call: [promises, any of each]}, {process: promises without a call}"""
    wants = collections.defaultdict(list)
    held = collections.defaultdict(set)
    for line in text.splitlines():
        promise, *names = line.split("#")[0].split() or [None]
        for name in names if promise else ():
            if name.startswith("+"):
                held[name[1:]].add(promise)
            else:
                wants[name].append(set(promise.split("|")))
    return wants, held


def seen(text):
    """{process: {call}}"""
    calls = collections.defaultdict(set)
    for line in text.splitlines():
        if line and not line.startswith("#"):
            process, call = line.split()[:2]
            calls[process].add(call)
    return calls


def child_names(folder):
    names = {line.split()[0] for line in open(HERE + "names.txt")
             if not line.startswith("#") and line.strip()}
    found = set()
    for part in CHILD:
        objects = glob.glob(f"{folder}/obj/*/{part}.o")
        assert objects, part
        out = subprocess.run(["nm", "-u", *objects], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
        found |= {w[1] for w in map(str.split, out.splitlines())
                  if len(w) == 2}
    return {n for n in found & names if not n.startswith("__")}


def judge(boxed, calls, wants, held):
    """Lines of what is wrong."""
    bad, used = [], set()
    for process, made in sorted(calls.items()):
        place = PLACE.get(process, process.replace("-", "_"))
        if place is None:
            continue
        if place not in boxed:
            bad.append(f"{process}: promises nothing")
            continue
        promised, blind = boxed[place]
        needs = set(held[process])
        for call in sorted(made):
            key = f"{process}/{call}"
            key = key if key in wants else call
            if key not in wants:
                if ":" not in call:     # its values are all one
                    bad.append(f"{process}: {call} is not in promises.txt")
                continue
            used.add(key)
            for any_of in wants[key]:
                if any_of & {"none", "absent"}:
                    continue
                if not any_of & promised:
                    bad.append(f"{process}: {call} wants "
                               f"{' or '.join(sorted(any_of))}")
                needs |= any_of
        bad += [f"{process}: promises {p}, and needs it for nothing"
                for p in sorted(promised - needs)]
        if blind == bool(promised & PATHS):
            bad.append(f"{process}: unveil hides what it may open, or hides "
                       "nothing though it opens nothing")
    bad += [f"{name}: in promises.txt, and made by nobody"
            for name in sorted(set(wants) - used)]
    return bad


def self_test():
    source = ('sandbox_a(void)\n{\n\tno_paths();\n\tpromise("stdio proc");\n}'
              '\nsandbox_b(int x)\n{\n\tsandbox_a(0);\n}\n'
              'sandbox_c(void)\n{\n\tpromise("stdio rpath");\n}\n')
    text = ("stdio read c/read\nproc|id kill\nrpath open c/read\n"
            "none brk # why\n")
    calls = {"a": {"read", "kill", "brk"}, "b": {"kill", "read"},
             "c": {"open", "read"}}

    def said(source=source, text=text, **more):
        return judge(boxes(source), {**calls, **more}, *table(text))
    assert said() == [], said()
    assert said(a={"read", "kill", "brk", "open"}) == [
        "a: open wants rpath"]
    assert said(b={"read"}) == ["b: promises proc, and needs it for nothing"]
    assert said(text=text + "proc +b # its own\n", b={"read"}) == []
    assert said(c={"read", "open", "odd"}) == [
        "c: odd is not in promises.txt"]
    assert said(source.replace("no_paths();", "")) != []
    assert said(source.replace("stdio rpath", "stdio")) == [
        "c: open wants rpath", "c: read wants rpath",
        "c: unveil hides what it may open, or hides nothing though it opens "
        "nothing"]
    assert said(text=text + "stdio gone\n") == [
        "gone: in promises.txt, and made by nobody"]
    assert said(d={"read"}) == ["d: promises nothing"]


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    calls = seen(open("regress/priv/calls.txt").read())
    calls["priv"] |= child_names(sys.argv[1])
    bad = judge(boxes(open(BOX).read()), calls,
                *table(open(HERE + "promises.txt").read()))
    for line in bad:
        print(f"pledge: {line}: is not right")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
