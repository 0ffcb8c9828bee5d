"""numbers.py COMPILER [FLAG ...]: are the system calls in our filters' tables
those of the machine that this compiler is for, as its kernel's headers number
them? Prints what is not, and how many it has looked at.

What common/compat/seccomp_calls.h makes of each name is compared with what
asm/unistd.h has, by rules that are written down here a second time.
"""

import glob
import re
import subprocess
import sys

FILES = ("*/sandbox_linux.c", "priv/*/sandbox_linux.c",
         "common/compat/seccomp_linux.[ch]",
         "common/compat/seccomp_signals.c", "task/seal_linux.c")
NONE = -1
# Where a long has 32 bits, libc calls the second.
WIDE = {"mmap": "mmap2", "fcntl": "fcntl64", "lseek": "_llseek",
        "fstat": "fstat64", "newfstatat": "fstatat64",
        "fstatfs": "fstatfs64"}
INSTEAD = {"poll": "ppoll"}     # where there is no such call
SAME = 403                      # from here on each machine has the same


def preprocess(text, *flags):
    return subprocess.run(
        [*sys.argv[1:], "-E", "-P", "-D_GNU_SOURCE", "-I.", "-Icommon",
         "-Icommon/compat", *flags, "-x", "c", "-"], input=text, text=True,
        stdout=subprocess.PIPE, check=True).stdout


def number(text):
    """Of a sum in parentheses."""
    if not re.fullmatch(r"[-+() 0-9a-fA-Fx]+", text):
        return None
    return eval(text, {"__builtins__": {}})  # pylint: disable=eval-used


def theirs():
    """{name: number} of the kernel's header; and has a long 64 bits?"""
    header = "#include <asm/unistd.h>\n"
    names = re.findall(r"#define __NR_(\w+) ", preprocess(header, "-dM"))
    values = preprocess(header + "".join(
        "=%s=__NR_%s=\n" % (name, name) for name in names))
    found = {name: number(value)
             for name, value in re.findall("=(.*?)=(.*?)=", values)}
    return ({name: n for name, n in found.items() if n is not None},
            "8" in preprocess("__SIZEOF_LONG__"))


def used():
    """What stands in the tables: (macro or "", name)."""
    found = set()
    for pattern in FILES:
        for path in glob.glob(pattern):
            with open(path, encoding="utf-8") as f:
                found |= set(re.findall(
                    r"(UID_CALL|UID16_CALL|)\(?\bSYS_([a-z]\w+)", f.read()))
    return sorted(found)


def ours(names):
    """{(macro, name): number} as the tables have them."""
    values = preprocess('#include "seccomp_calls.h"\n' + "".join(
        "=%s %s=%s(SYS_%s)=\n" % (macro, name, macro, name)
        for macro, name in names))
    return {tuple(key.split(" ")): number(value)
            for key, value in re.findall("=(.*?)=(.*?)=", values)}


def wanted(macro, name, header, long64):
    if macro == "UID_CALL":
        return header.get(name + "32", header.get(name, NONE))
    if macro == "UID16_CALL":
        return header[name] if name + "32" in header else NONE
    wide = None if long64 else WIDE.get(name)
    for each in (wide, name, INSTEAD.get(name)):
        if each in header:
            return header[each]
    return NONE


def main():
    header, long64 = theirs()
    names = used()
    found = ours(names)
    newest = max(n for n in header.values() if n < 0x1000)
    wrong = 0
    for key in names:
        want = wanted(*key, header, long64)
        if found[key] == want:
            continue
        # The header is older than the call.
        if want == NONE and (found[key] or 0) > max(newest, SAME):
            continue
        wrong += 1
        print("%sSYS_%s: %s, not %s" % (*key, found[key], want))
    if len(names) < 90:
        sys.exit("only %d names found" % len(names))
    print("%d names, %d wrong" % (len(names), wrong))
    sys.exit(wrong > 0)


main()
