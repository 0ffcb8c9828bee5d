"""The node: how it is started, and what it says. soak.erl has the lines."""

import os
import queue
import subprocess
import threading

ANSWER = 600        # seconds that any answer may take


class Gone(Exception):
    """The node has ended, or says nothing."""


class Node:
    """A running soak:main/0.

    faults  [(class, text)] that it has told so far
    """

    def __init__(self, beams, env, log, become=None):
        self.faults = []
        self.answers = queue.Queue()
        self.log = log
        self.child = subprocess.Popen(
            ["erl", "-noshell", "+fnu", "-pa", beams, "-s", "soak", "main"],
            env=env, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=log, preexec_fn=become)
        self.pid = self.child.pid
        threading.Thread(target=self._read, daemon=True).start()
        self.expect("ready")

    def _read(self):
        for line in self.child.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            if text.startswith("@fault "):
                self.faults.append(tuple(text.split(" ", 2)[1:]))
                print("  " + text[1:], flush=True)
            elif text.startswith("@"):
                self.answers.put(text[1:])
            else:
                self.log.write(line)
                self.log.flush()
        self.answers.put(None)

    def expect(self, what):
        """The values of the next answer, which has to be that."""
        try:
            text = self.answers.get(timeout=ANSWER)
        except queue.Empty:
            raise Gone("no answer: " + what) from None
        if text is None or text.split(" ")[0] != what:
            raise Gone("instead of %s: %s" % (what, text))
        return {key: int(value) for key, _, value in (
            word.partition("=") for word in text.split(" ")[1:])}

    def ask(self, line, what):
        try:
            self.child.stdin.write(line.encode() + b"\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            raise Gone("it has ended") from None
        return self.expect(what)

    def end(self):
        """Its counts; it has ended then."""
        counts = self.ask("end", "counts")
        self.child.wait(ANSWER)
        return counts


def environment(home, files, args, program, plain, privileged):
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home,
            "LANG": "C.UTF-8", "SOAK_SEED": str(args.seed),
            "SOAK_CALLERS": str(args.callers), "SOAK_KINDS": args.kinds,
            "SOAK_DIR": files,
            "SOAK_PRIVILEGED": "yes" if privileged else "no",
            "PROCTOR_PORT": program, "SOAK_PLAIN": plain}


def compile_to(beams, soak, client):
    """The client as it is, and what of the node is ours."""
    os.makedirs(beams, exist_ok=True)
    subprocess.run(["sh", client + "/erlc.sh", beams], check=True)
    subprocess.run(
        ["erlc", "-Werror", "+warn_unused_vars", "+warn_export_vars",
         "+warn_shadow_vars", "-o", beams] +
        sorted(soak + "/" + name for name in os.listdir(soak)
               if name.endswith(".erl")), check=True)
