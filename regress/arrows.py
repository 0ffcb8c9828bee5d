#!/usr/bin/python3
"""Who calls whom, file by file: calls go down only.

usage: arrows.py [FOLDER | --self-test], FOLDER having broker, worker, common
and priv in it.

style(9) makes the sources easy to read: a name at the beginning of a line is
defined there. An arrow is a name that a file uses and another file of the same
program defines, be it called, put into a table or given away. Fails on a
circle of files, and on an arrow between folders of priv that priv/README does
not list, as lines "start -> monitor policy base/a.h" there. A header of
another folder is an arrow, too; a line may have one of them alone.
"""
import collections
import glob
import os
import re
import sys
import tempfile

COMMENT = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)
FUNCTION = re.compile(r"^([a-z_]\w*)\((?!.*\);)", re.M)
STATIC = re.compile(r"^static\b[^;={]*?\n([a-z_]\w*)\(", re.M)
INCLUDE = re.compile(r'^#include "(\w+/\w+\.h)"', re.M)
DATA = re.compile(r"^(?!static|extern|typedef|return|struct \w+ \{)"
                  r"[a-z][\w \*]*?\b(\w+)(?:\[[^\]]*\])*(?: =|;)", re.M)


USE = re.compile(r"(?<!->)(?<![.\w])[a-z_]\w*")


def read(path):
    """A source without what is no code; of a grammar, the code."""
    text = open(path).read()
    return COMMENT.sub(" ", text.split("%%")[-1] if path.endswith(".y")
                       else text)


def arrows(files):
    """{file: {file that it uses something of}}."""
    text = {f: read(f) for f in files}
    owners = collections.defaultdict(set)
    local = {f: set(STATIC.findall(t)) for f, t in text.items()}
    for f, t in text.items():
        for name in set(FUNCTION.findall(t)) | set(DATA.findall(t)):
            if name not in local[f] and name != "main":
                owners[name].add(f)
    out = {}
    for f, t in text.items():
        names = set(USE.findall(t)) - local[f]
        out[f] = {o for n in names if f not in owners[n] for o in owners[n]}
    return out


def circles(out):
    """The sets of files that reach each other, larger than one."""
    reach = {}
    for f in out:
        seen, todo = set(), list(out[f])
        while todo:
            g = todo.pop()
            if g not in seen:
                seen.add(g)
                todo += out[g]
        reach[f] = seen
    return {frozenset(g for g in reach[f] if f in reach[g])
            for f in out if f in reach[f]}


def listed(readme):
    """{folder: {folders and headers}} of priv/README; none without it."""
    if not os.path.exists(readme):
        return {}
    lines = re.findall(r"^\s*(\w+) -> ([\w/. ]+)$", open(readme).read(), re.M)
    out = collections.defaultdict(set)
    for a, b in lines:
        out[a] |= set(b.split())
    return dict(out)


def folder(path):
    """The folder of a program that a file is in, "" if it is in none."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def unlisted_headers(program, allowed):
    """Lines "file -> header" of what is included across folders."""
    files = [f for end in ("c", "y", "h")
             for f in glob.glob(f"{program}/*/*.{end}")]
    folders = {folder(f) for f in files}
    for f in sorted(files):
        a = folder(f)
        for header in INCLUDE.findall(open(f).read()):
            b = header.split("/")[0]
            if b in folders - {a} and \
                    not {b, header} & allowed.get(a, set()):
                yield f"{f} -> {header}"


def main(root):
    os.chdir(root)
    bad = 0
    # What is put onto the system's own imsg does not call ours.
    common = [f for f in glob.glob("common/**/*.c", recursive=True)
              if not f.endswith("/imsg_send_plain.c")]
    for program in ("broker", "worker", "priv", "task"):
        own = [f for end in ("c", "y")
               for f in glob.glob(program + "/**/*." + end, recursive=True)]
        out = arrows(own + common)
        for ring in circles(out):
            bad = 1
            print("arrows: a circle: " + " ".join(sorted(ring)))
            for f in sorted(ring):
                print(f"  {f} -> " + " ".join(sorted(out[f] & ring)))
        allowed = listed(program + "/README")
        names = set(allowed).union(*allowed.values())
        for ring in circles({n: allowed.get(n, set()) for n in names}):
            bad = 1
            print("arrows: a circle of folders: " + " ".join(sorted(ring)))
        for f in own if allowed else []:
            a = folder(f)
            if not a:
                bad = 1
                print(f"arrows: in no folder: {f}")
            for g in sorted(out[f]):
                b = folder(g)
                if g in own and a != b and \
                        b not in allowed.get(a, ()):
                    bad = 1
                    print(f"arrows: not listed: {f} -> {g}")
        for f in unlisted_headers(program, allowed) if allowed else []:
            bad = 1
            print(f"arrows: not listed: {f}")
    return bad


def self_test():
    """A tree that is clean, and that tree with one arrow too many."""
    start = os.getcwd()
    def body(name, what):
        return f"int\n{name}(void)\n{{\n\treturn ({what});\n}}\n"

    README = "\tstart -> policy\n\tpolicy -> base/f.h\n"
    tree = {
        "worker/a.c": body("a_go", "b_go() /* and not c_go() */"),
        "worker/b.c": "const struct row b_table[] = { { c_go } };\n" +
                      body("b_go", "0"),
        "worker/c.c": body("c_go", "0"),
        "priv/start/d.c": body("d_go", "e_go()"),
        "priv/policy/e.c": body("e_go", "1"),
        "priv/policy/e.h": '#include "base/f.h"\n',
        "priv/base/f.h": "#define F 1\n",
        "priv/base/g.h": "#define G 1\n",
        "priv/README": README,
    }
    cases = [({}, 0),
             ({"worker/c.c": body("c_go", "a_go()")}, 1),
             ({"worker/c.c": body("c_go", "b_table[0].go()")}, 1),
             ({"worker/c.c": body("c_go", "x->b_go")}, 0),
             ({"priv/README": README.replace("start -> ", "base -> ")}, 1),
             ({"priv/README": README + "\tbase -> start\n"}, 0),
             ({"priv/README": README + "\tpolicy -> start\n"}, 1),
             ({"priv/policy/e.h": '#include "base/g.h"\n'}, 1),
             ({"priv/h.c": body("h_go", "1")}, 1),
             ({"priv/policy/e.h": '#include "compat/g.h"\n'}, 0),
             ({"priv/policy/e.h": '#include "base/g.h"\n',
               "priv/README": README + "\tpolicy -> base\n"}, 0)]
    for change, want in cases:
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**tree, **change}.items():
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as f:
                    f.write(text)
            sys.stdout, real = open(os.devnull, "w"), sys.stdout
            got = main(root)
            sys.stdout = real
            os.chdir(start)
        if got != want:
            print(f"arrows: self-test: {got} and not {want} for {change}")
            return 1
    return 0


if __name__ == "__main__":
    arg = sys.argv[1] if len(sys.argv) > 1 else "."
    sys.exit(self_test() if arg == "--self-test" else main(arg))
