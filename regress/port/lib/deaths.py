"""The matrix of death: each part of the ring, and each pair, gets SIGKILL,
SIGSEGV or SIGSTOP while children of hostile kinds run, and then the node ends.
What SECURITY.md's table says of it is what the cases expect.

DEATHS_ALL=1 has all cells, DEATHS_SAY=FILE writes there what each has left
instead of judging it: see regress/fault/table.py.
"""

import itertools
import os
import signal
import time

import proc
from case import check, eventually
from crash import crash
from etf import A
from family import mark
from patience import Limit, Pause

ALL = os.environ.get("DEATHS_ALL", "0") not in ("", "0")
SAY = os.environ.get("DEATHS_SAY")
SECURITY = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "../../../SECURITY.md")
BEGIN = "<!-- Measured: regress/fault/table.py --write -->\n"
END = "<!-- End of the matrix of death. -->\n"
PARTS = ("guard", "reaper", "priv", "keeper", "launcher", "broker", "worker")
SETS = [c for n in (1, 2) for c in itertools.combinations(PARTS, n)]
SIGNALS = ("SIGKILL", "SIGSEGV", "SIGSTOP")
MODES = ("plain, no groups", "plain, groups", "root, no groups",
         "root, groups", "set-user-ID, no groups", "set-user-ID, groups")
NOTHING = "nothing"
# vfork(2): until its child ends, its parent waits and hears only SIGKILL.
BLOCKED = ["/usr/bin/python3", "-c", "import ctypes\n"
           "libc = ctypes.PyDLL(None)\n"
           "libc.vfork() or libc.sleep(1000)\nlibc.sleep(1000)"]
# A first process that nobody's SIGTERM reaches, with a daemon of its own.
NAMESPACE = ("exec unshare --user --pid --fork sh -c "
             "'(setsid sleep 1000 &); sleep 1000; sleep 1000'")
# How it is run, with which options, and how many there are at the least.
KINDS = {
    "plain": ("exec sleep 1000", [], 1),
    "grandchild": ("sleep 1000 & wait", [], 2),
    "daemon": ("setsid sh -c '(sleep 1000 &)'; exit 0", [], 1),
    "session": ("setsid sleep 1000 & wait", [], 2),
    "deaf": ("trap '' TERM HUP; sleep 1000; sleep 1000", [], 2),
    "stopped": ("kill -STOP $$; exec sleep 1000", [], 1),
    "blocked": (BLOCKED, [], 2),
    "forks": ("while :; do (sleep 0.05 &); sleep 0.02; done", [], 1),
    "terminal": ("exec sleep 1000", [A.pty], 1),
    "namespace": (NAMESPACE, [], 4),
    "pipes": ("(setsid sleep 1000 &); exit 0",
              [A.stdin, A.stdout, A.stderr], 1),
}


def start(p, options=(), but=()):
    """All kinds but those: {name: mark}."""
    marks = {name: mark() for name in KINDS if name not in but}
    for name, entry in marks.items():
        p.run(KINDS[name][0], [(A.env, [entry]), *KINDS[name][1], *options])
    for name, entry in marks.items():
        eventually(lambda e=entry, k=KINDS[name][2]: (
            len(proc.marked(e)) >= k), 5, "no %s" % name)
    return marks


def may_signal(p, ring, options=()):
    """The parts that a child may send a signal."""
    pid = p.run("; ".join("kill -0 %d && echo %s" % (ring[part], part)
                          for part in ring) + "; echo end",
                [A.stdout, *options])
    p.exit(pid)
    *may, end = p.out(pid).decode().split()
    check(end == "end", "output %s", may + [end])
    return may


def hit(pids, sig):
    """All of them; the first of a pair may take the second with it."""
    if sig == "SIGSEGV":
        crash(*pids)
        return
    for pid in pids:
        try:
            os.kill(pid, getattr(signal, sig))
        except ProcessLookupError:
            pass
    if sig == "SIGSTOP":
        eventually(lambda: all(proc.state(pid) == "T" for pid in pids), 3,
                   "not stopped")


def kinds_left(marks):
    return sorted(name for name in marks if proc.marked(marks[name]))


def strike(p, ring, marks, parts, sig, limit):
    """Those parts get the signal and the node ends; which kinds are left
    behind that limit when no part is."""
    pids = [ring[part] for part in parts]
    hit(pids, sig)
    if sig != "SIGSTOP":
        eventually(lambda: not any(map(proc.alive, pids)), 3, "they live")
    p.close_input()
    p.closed = True
    eventually(lambda: not any(map(proc.alive, ring.values())), 60, lambda: (
        "parts live: %s" % [part for part in ring if proc.alive(ring[part])]))
    # Who was killed last may be on its way to its end.
    while kinds_left(marks) and limit.left() > 0:
        time.sleep(0.05)
    return kinds_left(marks)


def judge(p, ring, marks, mode, sig, parts):
    """Strike, and compare with what the table says, or write that down."""
    check(("keeper" in ring) == (not mode.endswith("no groups")),
          "%s: %s", mode, sorted(ring))
    said = exceptions().get((sig, parts), {}).get(mode, NOTHING)
    kinds = strike(p, ring, marks, parts, sig,
                   Limit(3) if SAY or said == NOTHING else Pause(1))
    if SAY:
        with open(SAY, "a", encoding="ascii") as f:
            f.write("%s|%s|%s|%s\n" % (sig, " and ".join(parts), mode,
                                       ", ".join(kinds) or NOTHING))
        return
    if said == NOTHING:
        check(not kinds, "left: %s; log %s", kinds, p.log()[-2:])
    else:
        check(kinds and set(kinds) <= set(said.split(", ")),
              "left: %s, not %s", kinds, said)


def wanted(mode, sig, parts):
    """In the short form the death of each part in each mode, and that of each
    two where least is there to help."""
    return ALL or (sig == "SIGKILL" and (
        len(parts) == 1 or parts == PARTS[:2])) or (
            mode == MODES[0] and (sig == "SIGKILL" or len(parts) == 1))


def there(mode, parts):
    """Without groups there is no keeper."""
    return "keeper" not in parts or not mode.endswith("no groups")


def cells(modes):
    """All there are in these modes."""
    return [(mode, sig, parts) for mode in modes for parts in SETS
            for sig in SIGNALS if there(mode, parts)]


def matrix(modes):
    """For case.rows()."""
    return [("%s of %s, %s" % (sig, " and ".join(parts), mode), mode, sig,
             parts) for mode, sig, parts in cells(modes)
            if wanted(mode, sig, parts)]


# The table -----------------------------------------------------------------

def split(text):
    """(before, the table, behind)"""
    head, rest = text.split(BEGIN, 1)
    body, tail = rest.split(END, 1)
    return head + BEGIN, body, END + tail


def current():
    with open(SECURITY, encoding="utf-8") as f:
        return f.read()


def exceptions(body=None):
    """{(signal, parts): {mode: what is left}} of the rows that name parts."""
    body = split(current())[1] if body is None else body
    found = {}
    for line in body.splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if row[0] in SIGNALS:
            parts = tuple(row[1].split(" and "))
            found[row[0], parts] = dict(zip(MODES, row[2:]))
    return found


def table(left):
    """Of {(signal, parts): {mode: what is left}}: a row for each death that
    has left something anywhere, and one for all others."""
    lines = ["| signal | to | " + " | ".join(MODES) + " |",
             "| --- " * (2 + len(MODES)) + "|"]
    rest = {mode: 0 for mode in MODES}
    for key in [(sig, parts) for parts in SETS for sig in SIGNALS]:
        row = [left.get(key, {}).get(mode, NOTHING) for mode in MODES]
        if set(row) != {NOTHING}:
            lines.append("| %s | %s | %s |" % (
                key[0], " and ".join(key[1]), " | ".join(row)))
        else:
            for mode in MODES:
                rest[mode] += there(mode, key[1])
    lines.insert(2, "| each of the three | any other part, any other two | "
                 + " | ".join("nothing (%d cells)" % rest[mode]
                              for mode in MODES) + " |")
    return "\n".join(lines) + "\n"
