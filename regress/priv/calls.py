#!/usr/bin/env python3
"""What the system call filters allow, beside what was seen to be called.

usage: calls.py [-n] [-o FILE] BUILD COMMAND ...

Runs the command, which is to run all suites against the programs in BUILD,
under bpftrace, and writes calls.txt anew: a line for each call that a process
may make, and for each value where an argument is looked at, with "seen" or
the reason why it is allowed all the same, which is written by hand and kept.
Says what is allowed, was not seen and has no reason, and exits with 1 if
there is any; -n: writes nothing. test_calls.py compares the lists with that
file, which is what CI does.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "calls.txt")
SEEN = "seen"
UPPER = 8               # and more: the upper half of an argument
ABOUT = """\
# Which system calls each process is allowed, and why: it was seen to make
# them in a run of all suites (make trace), or may have to. Behind a colon,
# in hexadecimal: a value of the argument that the filter looks at.
"""

# A process is known by the length of its filter, once it has that.
PROBES = """\
BEGIN { @ours[(uint64)cpid] = 1; }
tracepoint:sched:sched_process_fork /@ours[(uint64)pid]/
{ @ours[(uint64)args->child_pid] = 1; }
tracepoint:syscalls:sys_enter_prctl
/@ours[(uint64)pid] && args->option == 22 && args->arg2 == 2/
{ @next[(uint64)pid] = *(uint16 *)uptr(args->arg3); }
tracepoint:syscalls:sys_exit_prctl /@next[(uint64)pid]/
{ @len[(uint64)pid] = @next[(uint64)pid]; delete(@next[(uint64)pid]); }
tracepoint:sched:sched_process_exec /@len[(uint64)pid]/
{ delete(@len[(uint64)pid]); }
tracepoint:raw_syscalls:sys_enter /@len[(uint64)pid]/
{ @call[@len[(uint64)pid], args->id] = count(); }
%s
tracepoint:sched:sched_process_exit /pid == tid/
{ delete(@ours[(uint64)pid]); delete(@len[(uint64)pid]); }
END { clear(@ours); clear(@len); clear(@next); }
"""
ARGUMENT = """\
tracepoint:raw_syscalls:sys_enter
/@len[(uint64)pid] && args->id == %(call)d/
{ @value[@len[(uint64)pid], %(call)d, %(arg)d,
  ((uint64)args->args[%(word)d] >> %(shift)d) & 0xffffffff] = count(); }
"""


class Lists:
    """What a build allows.

    parts       {instructions: name}
    calls       {part: {call: number}}, those that are looked into as well
    values      {(part, call, argument): (test, [value, ...])}
    """

    def __init__(self, build):
        self.parts = {}
        self.calls = collections.defaultdict(dict)
        self.values = {}
        out = subprocess.run([os.path.join(build, "calls")], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        for line in out.splitlines():
            kind, part, *words = line.split()
            if kind == "part":
                assert int(words[0]) not in self.parts, "two are as long"
                self.parts[int(words[0])] = part
                continue
            self.calls[part][words[0]] = int(words[1])
            if kind == "value":
                at = (part, words[0], int(words[2]))
                self.values.setdefault(at, (words[3], []))[1].append(
                    int(words[4]))

    def allowed(self):
        """{(part, "call" or "call:value")}"""
        found = {(part, call) for part, calls in self.calls.items()
                 for call in calls}
        for (part, call, _), (test, values) in self.values.items():
            if test == "is":
                found |= {(part, "%s:%x" % (call, v)) for v in values}
        return found

    def name(self, part, number):
        for call, n in self.calls[part].items():
            if n == number:
                return call
        return "call %d" % number

    def looked_at(self):
        """{(number of the call, argument)} whose values are listed."""
        return {(self.calls[part][call], arg)
                for (part, call, arg), (test, _) in self.values.items()
                if test == "is"}


def read_table(path=TABLE):
    """{(part, what): why}"""
    found = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                part, what, why = line.rstrip("\n").split(None, 2)
                found[part, what] = why
    return found


def write_table(table, path=TABLE):
    with open(path, "w", encoding="utf-8") as f:
        f.write(ABOUT)
        part = None
        for (owner, what), why in sorted(table.items()):
            if owner != part:
                f.write("\n")
            part = owner
            f.write("%-7s %-20s %s\n" % (owner, what, why))


def trace(lists, command):
    """Run it: {(part, what)} that was seen."""
    script = PROBES % "".join(
        ARGUMENT % {"call": call, "arg": arg, "word": arg % UPPER,
                    "shift": 32 * (arg >= UPPER)}
        for call, arg in sorted(lists.looked_at()))
    with tempfile.TemporaryDirectory(prefix="proctor-calls.") as directory:
        probes = os.path.join(directory, "probes.bt")
        out = os.path.join(directory, "out")
        start = os.path.join(directory, "start")
        with open(probes, "w", encoding="ascii") as f:
            f.write(script)
        with open(start, "w", encoding="utf-8") as f:
            f.write("exec %s\n" % " ".join(
                "'%s'" % word.replace("'", "'\\''") for word in command))
        env = dict(os.environ, BPFTRACE_MAP_KEYS_MAX="65536")
        # Where the kernel's list of events is not mounted, for us alone.
        subprocess.run(
            ["unshare", "-m", "sh", "-c",
             "test -d /sys/kernel/tracing/events ||"
             " mount -t tracefs none /sys/kernel/tracing;"
             " exec bpftrace -o %s -c '/bin/sh %s' %s"
             % (out, start, probes)],
            env=env, check=True)
        with open(out, encoding="utf-8") as f:
            return parse(lists, f.read())


def parse(lists, text):
    seen = set()
    for length, number in re.findall(r"^@call\[(\d+), (\d+)\]", text, re.M):
        part = lists.parts.get(int(length))
        if part in lists.calls:
            seen.add((part, lists.name(part, int(number))))
    for length, number, _, value in re.findall(
            r"^@value\[(\d+), (\d+), (\d+), (\d+)\]", text, re.M):
        part = lists.parts.get(int(length))
        if part in lists.calls:
            seen.add((part, "%s:%x" % (lists.name(part, int(number)),
                                       int(value))))
    return seen


def merge(lists, table, seen):
    """The table anew. A reason may be about another machine."""
    new = {at: why for at, why in table.items()
           if why != SEEN and at not in lists.allowed()}
    for at in lists.allowed():
        if at in seen:
            new[at] = SEEN
        elif table.get(at, SEEN) != SEEN:
            new[at] = table[at]
    return new


def unexplained(lists, table):
    return sorted("%s: %s" % at for at in lists.allowed() - set(table))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", action="store_true", help="write nothing")
    parser.add_argument("-o", metavar="FILE", default=TABLE)
    parser.add_argument("build")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    lists = Lists(args.build)
    old = read_table() if os.path.exists(TABLE) else {}
    table = merge(lists, old, trace(lists, args.command))
    if not args.n:
        write_table(table, args.o)
    missing = unexplained(lists, table)
    for line in missing:
        print("allowed, not seen, and no reason: " + line)
    print("calls: %d allowed, %d seen, %d unexplained"
          % (len(lists.allowed()), list(table.values()).count(SEEN),
             len(missing)))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
