#!/usr/bin/python3
"""How long functions are, folder by folder: none has more than 60 lines.

usage: functions.py [FOLDER | --self-test], FOLDER having broker, worker,
task, common and priv in it.

style(9) makes them easy to find: a line with the type, one that begins with
the name, and a "}" that begins a line. A length is from the type to that, both
too.
"""
import glob
import os
import re
import statistics
import sys
import tempfile

MOST = 60
FUNCTION = re.compile(r"^\w.*\n([a-z_]\w*)\([^;]*?\)\n\{\n(?:.*\n)*?\}$", re.M)


def functions(text):
    """[(length, line, name)] of a source."""
    return [(m[0].count("\n") + 1, text.count("\n", 0, m.start()) + 1, m[1])
            for m in FUNCTION.finditer(text)]


def main(root):
    bad = 0
    for name in ("priv", "broker", "worker", "task", "common"):
        lines, lengths = 0, []
        for path in sorted(f for e in "cy" for f in glob.glob(
                f"{root}/{name}/**/*.{e}", recursive=True)):
            with open(path) as f:
                text = f.read()
            lines += text.count("\n")
            for length, line, function in functions(text):
                lengths.append(length)
                if length > MOST:
                    bad = 1
                    print(f"{path}:{line}: {function}: {length} lines")
        if lengths:
            print(f"{name}: {lines} lines, {len(lengths)} functions, "
                  f"{1000 * len(lengths) / lines:.0f} in 1,000 lines, median "
                  f"{statistics.median(lengths):g}, longest {max(lengths)}")
    return bad


def self_test():
    """A function that is as long as it may be, and with one line more."""
    for more, want in ((0, 0), (1, 1)):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(root + "/priv")
            with open(root + "/priv/a.c", "w") as f:
                f.write("static int f(int);\n\nint\ng(int a,\n    int b)\n{\n"
                        + "\ta++;\n" * (MOST - 5 + more) + "}\n")
            sys.stdout, real = open(os.devnull, "w"), sys.stdout
            got = main(root)
            sys.stdout = real
        if got != want:
            print(f"functions: self-test: {got} and not {want}")
            return 1
    return 0


if __name__ == "__main__":
    arg = sys.argv[1] if len(sys.argv) > 1 else "."
    sys.exit(self_test() if arg == "--self-test" else main(arg))
