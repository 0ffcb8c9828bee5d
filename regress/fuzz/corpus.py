"""The inputs that are kept: corpus/HARNESS has a line for each, in base64.

    corpus.py unpack FILE FOLDER    a file for each
    corpus.py pack FOLDER FILE      the other way, the shortest first
    corpus.py play PROGRAM ...      PROGRAM (without an engine) with its own
"""

import base64
import hashlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def unpack(name, folder):
    os.makedirs(folder, exist_ok=True)
    with open(name) as f:
        for line in f:
            data = base64.b64decode(line, validate=False)
            path = os.path.join(folder, hashlib.sha1(data).hexdigest())
            with open(path, "wb") as out:
                out.write(data)


def pack(folder, name):
    inputs = []
    for entry in os.listdir(folder):
        with open(os.path.join(folder, entry), "rb") as f:
            inputs.append(f.read())
    with open(name, "w") as f:
        for data in sorted(set(inputs), key=lambda d: (len(d), d)):
            f.write(base64.b64encode(data).decode() + "\n")


def play(programs):
    bad = 0
    for program in programs:
        harness = os.path.basename(program)
        with tempfile.TemporaryDirectory() as folder:
            unpack(os.path.join(HERE, "corpus", harness), folder)
            done = subprocess.run([program, folder], text=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
        print("%s FUZZ %s: %s" % ("FAIL" if done.returncode else "ok",
                                  harness, done.stdout.strip()[-2000:]))
        bad |= done.returncode != 0
    print("fuzz: %d harnesses, %s" % (len(programs),
                                      "failed" if bad else "all passed"))
    return bad


def main(args):
    if len(args) == 3 and args[0] == "unpack":
        unpack(*args[1:])
    elif len(args) == 3 and args[0] == "pack":
        pack(*args[1:])
    elif args[:1] == ["play"]:
        sys.exit(play(args[1:]))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
