"""Where root is less than root, as in containers: bounding sets, a pid
namespace of its own; and what dist/ has for such places."""

import ctypes
import os
import re
import shutil
import subprocess

import proc
import world
from case import Skip, case, check, eventually, expect, rows
from etf import A
from rules import Rules
from suid import Suid, as_user, ids
from world import ONE, STARTER

SECTION = "container:"
PR_CAPBSET_DROP = 24
CAPS = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid "
    "setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw "
    "ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct "
    "sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod "
    "lease audit_write audit_control setfcap mac_override mac_admin syslog "
    "wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split()
ALL = set(CAPS)
# What `docker run' leaves of them.
DOCKER = set("chown dac_override fowner fsetid kill setgid setuid setpcap "
             "net_bind_service net_raw sys_chroot mknod audit_write "
             "setfcap".split())
NONE = set()


def unit():
    """What the example of a unit leaves."""
    with open("dist/systemd/app-privileged.service", encoding="utf-8") as f:
        words = re.findall("^CapabilityBoundingSet=(.*)$", f.read(), re.M)
    caps = {word.lower()[4:] for line in words for word in line.split()}
    check(caps and caps <= ALL, "%s", caps)
    return caps


class Container(Suid):
    """A start with no more than these in its bounding set, as nice as that."""

    def __init__(self, caps, *args, nice=0, **more):
        self.caps, self.nice = caps, nice
        super().__init__(*args, **more)

    def _exec(self, child_in, child_out):
        os.setpriority(os.PRIO_PROCESS, 0, self.nice)
        libc = ctypes.CDLL(None)
        for number, name in enumerate(CAPS):
            if name not in self.caps:
                libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
        super()._exec(child_in, child_out)


def plain_program():
    return os.path.join(world.copy_programs("plain"), "proctor")


def whoami(p, *options):
    return p.output_of("id -un", *options).strip()


@rows(SECTION + " node is root, -user root:", [
    ("all capabilities", ALL, True), ("Docker's", DOCKER, True),
    ("none", NONE, False),
])
def root(caps, others):
    """What Erlang's client says by itself of a node that is root. With none
    nobody else can be had, and there is nothing to give away."""
    with Container(caps, "-user", "root", "-limit-users", ONE,
                   who="root", program=plain_program()) as p:
        expect("root", whoami(p))
        if others:
            expect(ONE, whoami(p, as_user(ONE)))
        else:
            answer = p.ask(A.run, "exit 0", [as_user(ONE)])
            check(answer[0] == A.error, "%s", answer)


@rows(SECTION + " node is root, commands are not:", [
    ("all capabilities", ALL), ("Docker's", DOCKER),
])
def root_as_user(caps):
    with Container(caps, "-user", ONE, who="root",
                   program=plain_program()) as p:
        expect(ONE, whoami(p))
        expect("privileged", p.mode())
        pid = p.run("exec sleep 1000")
        expect([world.uid(ONE)] * 4, list(ids(pid, "Uid")), "uids")
        expect("0" * 16, proc.status(pid)["CapBnd"], "its bounding set")


@rows(SECTION + " node is an ordinary user:", [
    ("all capabilities", ALL), ("Docker's", DOCKER), ("none", NONE),
])
def user(caps):
    with Container(caps, program=plain_program()) as p:
        expect(STARTER, whoami(p))
        expect("plain", p.mode())


@rows(SECTION + " set-user-ID:", [
    ("all capabilities", lambda: ALL), ("Docker's", lambda: DOCKER),
    ("what the unit in dist/ leaves", unit),
])
def suid(caps):
    with Rules("permit news as daemon\n"), Container(caps()) as p:
        expect(ONE, whoami(p, as_user(ONE)))
        expect(STARTER, whoami(p))
        expect("privileged", p.mode())
        pid = p.run("exec sleep 1000", [as_user(ONE)])
        p.ask(A.stop, pid)
        p.exit(pid)


def refused(word, caps, **more):
    """In words, and before anything is read from the node."""
    with Rules("permit news as daemon\n"), Container(caps, **more) as p:
        p.close_input()
        p.end()
        expect(4, p.status, "exit")
        check(p.logged(word), "log %s", p.log())
        p.closed = True


@case(SECTION + " set-user-ID, none: no start, as it could not give up root")
def suid_none():
    refused("has no capabilities here", NONE)


@rows(SECTION + " set-user-ID, Docker's, and a node that is nice:", [
    ("no start, as its commands would be", DOCKER, True),
    ("with sys_nice they are not", DOCKER | {"sys_nice"}, False),
])
def suid_nice(caps, no):
    if no:
        refused("cannot be undone for other users' children here: scheduling",
                caps, nice=5)
        return
    with Rules("permit news as daemon\n"), Container(caps, nice=5) as p:
        expect("0", p.output_of("nice", as_user(ONE)).strip())


# Process 1 ---

NODE = r"""
{ok, _} = application:ensure_all_started(proctor),
Me = os:getpid(),
{ok, #{stdout := Shell}} = proctor:cmd("sh", ["-c", "echo $PPID"], []),
%% Its parent ends: whose is it then?
{ok, [{stdout, [Left]}]} =
    proctor:run("sleep 1000 >/dev/null & echo $!", [sync, stdout]),
Pid = string:trim(binary_to_list(Left)),
Gone = fun(Again) ->
           case file:read_file_info("/proc/" ++ Pid) of
               {error, _} -> ok;
               {ok, _} -> timer:sleep(10), Again(Again)
           end
       end,
Parent = string:trim(os:cmd("ps -o ppid= -p " ++ Pid)),
Zombies = fun() ->
              [L || L <- string:lexemes(os:cmd("ps -eo ppid=,stat="), "\n"),
                    [Of, "Z" ++ _] <- [string:lexemes(L, " ")], Of =:= "1"]
          end,
_ = os:cmd("kill " ++ Pid),
ok = Gone(Gone),
io:format("pid ~s, parent of what is left ~s, zombies of 1 ~p~n",
          [Me, case Parent of "1" -> "1"; _ -> "ours" end, Zombies()]),
true = is_binary(Shell),
{ok, _, _} = proctor:run("trap 'echo asked >FILE; exit' TERM; echo up; "
                         "while :; do sleep 0.1; done",
                         [{stdout, fun(_, _, _) -> io:format("up~n") end}]).
"""


def node(path):
    """Of Erlang, as the first process of a namespace."""
    if shutil.which("erl") is None or not os.path.exists(
            "client/proctor/ebin/proctor.beam"):
        raise Skip("no Erlang, or the client is not built")
    ebin = os.path.abspath("client/proctor/ebin")
    return subprocess.Popen(
        ["unshare", "--pid", "--fork", "--mount-proc", "erl", "-noshell",
         "-noinput", "-kernel",
         "logger_level", "error", "-pa", ebin, "-eval",
         NODE.replace("FILE", path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        env=dict(os.environ, PROCTOR_PORT=plain_program(),
                 HOME=world.home), cwd="/")


@case(SECTION + " a node that is process 1: what is left is ours, and it is "
      "asked to end as anywhere", limit=60)
def first():
    path = os.path.join(world.home, "asked")
    with node(path) as erl:
        try:
            said = erl.stdout.readline().decode()
            expect("pid 1, parent of what is left ours, zombies of 1 []\n",
                   said)
            expect("up\n", erl.stdout.readline().decode())
            inside = proc.children(erl.pid)
            expect(1, len(inside), "processes")
            os.kill(inside[0], 15)
            erl.wait()
            with open(path, encoding="utf-8") as f:
                expect("asked\n", f.read())
        finally:
            erl.kill()
    eventually(lambda: not [p for p in proc.descendants(os.getpid())
                            if "beam" in proc.title(p)], 3, "the node")


# What dist/ has ---

@rows(SECTION + " dist:", [
    (name, name) for name in ("app.service", "app-privileged.service")
])
def units(name):
    if shutil.which("systemd-analyze") is None:
        raise Skip("no systemd-analyze")
    root = os.path.join(world.home, "units")
    os.makedirs(root + "/opt/app/bin", exist_ok=True)
    os.makedirs(root + "/etc/systemd/system", exist_ok=True)
    world.write(root + "/opt/app/bin/app", "#!/bin/sh\n", 0o755)
    shutil.copy("dist/systemd/" + name, root + "/etc/systemd/system")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--root=" + root, name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    lines = [line for line in done.stdout.decode().splitlines()
             if name in line and "DelegateSubgroup" not in line
             and "sysinit.target" not in line and ".target not" not in line]
    check(not lines, "%s", lines)


@case(SECTION + " dist: sysusers and tmpfiles say what proctor makes")
def made():
    for tool in ("systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(tool) is None:
            raise Skip("no " + tool)
    root = os.path.join(world.home, "made")
    os.makedirs(root + "/etc", exist_ok=True)
    os.makedirs(root + "/run", exist_ok=True)
    for name in ("passwd", "group"):
        world.write(root + "/etc/" + name, "root:x:0:0::/root:/bin/sh\n"
                    if name == "passwd" else "root:x:0:\n")
    subprocess.run(["systemd-sysusers", "--root=" + root,
                    os.path.abspath("dist/proctor.sysusers")], check=True)
    with open(root + "/etc/passwd", encoding="utf-8") as f:
        check("\n_proctor:x:" in f.read(), "no _proctor")
    subprocess.run(["systemd-tmpfiles", "--create", "--root=" + root,
                    os.path.abspath("dist/proctor.tmpfiles")], check=True)
    st = os.lstat(root + "/run/proctor")
    expect((0o40700, 0, 0), (st.st_mode, st.st_uid, st.st_gid))


def apparmor(path):
    done = subprocess.run(
        ["apparmor_parser", "-Q", "-K", "-S", "-T", path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, len(done.stdout), done.stderr.decode()


@case(SECTION + " dist: the profile of AppArmor is one, and its capabilities "
      "are those of the unit")
def profile():
    if shutil.which("apparmor_parser") is None:
        raise Skip("no apparmor_parser")
    with open("dist/apparmor/proctor", encoding="utf-8") as f:
        text = f.read()
    path = os.path.join(world.home, "profile")
    world.write(path, text)
    code, size, said = apparmor(path)
    check(size > 0, "%d: %s", code, said)
    world.write(path, text.replace("capability kill,", "capability kil,"))
    check(apparmor(path)[1] == 0, "it takes anything")
    expect(unit(), set(re.findall("^  capability ([a-z_]+),", text, re.M)))
    check("@{proctor} = /usr/local/libexec/proctor\n" in text, "the folder")


LINKED = ("proctor", "proctor-broker", "proctor-worker", "proctor-task")


def stages():
    """[{"apt": packages, "copy": sources}] of the Dockerfile."""
    with open("dist/docker/Dockerfile", encoding="utf-8") as f:
        text = re.sub("^#.*\n", "", f.read(), flags=re.M)
    text = text.replace("\\\n", " ")
    return [{"apt": set(re.search("apt-get install -y --no-install-recommends"
                                  "([^&\n]*)", part)[1].split()),
             "copy": re.findall("^COPY --from=build ([^ ]+)", part, re.M)}
            for part in re.split("^FROM ", text, flags=re.M)[1:]]


@case(SECTION + " dist: the image has what the programs are linked with, and "
      "what make deps installs is in the other")
def image():
    if shutil.which("dpkg-query") is None or shutil.which("ldd") is None:
        raise Skip("no Debian")
    build, image_ = stages()
    libraries = set()
    for name in LINKED:
        libraries |= set(re.findall(
            "=> (/[^ ]+)", subprocess.run(
                ["ldd", os.path.join(world.folder, name)], check=True,
                stdout=subprocess.PIPE, text=True).stdout))
    names = {os.path.basename(path) for path in libraries}
    found = subprocess.run(
        ["dpkg-query", "-S", *["*/" + name for name in sorted(names)]],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True).stdout
    packages = {line.split(":")[0] for line in found.splitlines()
                if line.split("/")[-1] in names}
    check({"libbsd0", "libcap2", "libevent-core-2.1-7"} <= packages, "%s",
          packages)
    # libc and what libbsd0 itself depends on come by themselves.
    wanted = {p for p in packages
              if not re.match("libc6|libmd0|libc-bin|lib[aut]*san", p)}
    check(wanted <= image_["apt"], "not in the image: %s",
          wanted - image_["apt"])
    with open("regress/deps.sh", encoding="utf-8") as f:
        deps = set(re.search('^PACKAGES="([^"]*)"', f.read(), re.M)[1].split())
    check(build["apt"] <= deps, "nobody installs %s", build["apt"] - deps)
    # Where make install puts them.
    expect(["/usr/local/libexec/proctor", "/app"], image_["copy"])
