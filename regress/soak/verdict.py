"""Whether all is flat from the second quarter on, and what is to be said."""

# What memory may grow by from the first rest that counts to the last, in KiB:
# pages that an allocator happens to hold. A leak of one byte a run is more in
# an hour.
SLACK = {"node": 4096, "part": 256}
BYTES = ("memory", "binaries", "heaps", "rows")     # of the node; shown in KiB
STEADY = "proctor"      # the instance that lives from beginning to end
# What may not grow at all.
SAME = ("processes", "ports", "tables", "fds")


def growth(rests, key):
    """From the least of the first half of those that count to the least of the
    rest: what it has grown by, whatever it is for a moment."""
    values = [rest[key] for _, rest in rests if key in rest]
    half = len(values) // 2
    if half == 0:
        return 0
    return min(values[half:]) - min(values[:half])


def added(rests, what, name):
    """Of what is counted: more at the last than at any before is a leak."""
    values = [rest[what, name] for _, rest in rests if (what, name) in rest]
    more = values[-1] - min(values)
    return ["%s has %d more %s" % (what, more, name)] if more > 0 else []


def slack(what):
    """What is struck is new again and again: its memory is told, and says
    nothing."""
    if what == "node":
        return SLACK["node"]
    return SLACK["part"] if what.startswith(STEADY + " ") else float("inf")


def grown(rests, seconds):
    """[text] of what was not flat."""
    counted = [(at, rest) for at, rest in rests if at >= seconds / 4 - 1]
    keys = sorted({key for _, rest in counted for key in rest})
    faults = []
    for what, name in keys:
        more = growth(counted, (what, name))
        if name in SAME:
            faults += added(counted, what, name)
        if name == "kib" and more > slack(what):
            faults.append("%s has %d KiB more" % (what, more))
        if (what, name) == ("node", "memory") and more > 1024 * SLACK["node"]:
            faults.append("the node's terms have %d KiB more" % (more >> 10))
    return faults


def _cells(values):
    return "".join("%9s" % ("-" if v is None else v) for v in values)


def table(rests):
    """Lines: a row for each figure, a column for each rest. Descriptors are
    told where they were not the same at all rests."""
    keys = sorted({key for _, rest in rests for key in rest})
    lines = ["%-28s" % "second" + _cells(int(at) for at, _ in rests)]
    steady = 0
    for what, name in keys:
        values = [rest.get((what, name)) for _, rest in rests]
        if name == "fds" and len(set(values)) == 1:
            steady += 1
            continue
        if name in BYTES:
            values = [v >> 10 for v in values]
        lines.append("%-28s" % (what + " " + name) + _cells(values))
    lines.append("descriptors of %d more: always the same" % steady)
    return lines
