"""Policies, and places for files."""

import os

import world


class Rules:
    """Another /etc/proctor.conf, for as long as the block lasts."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        world.conf(self.text)

    def __exit__(self, kind, value, trace):
        world.conf()


usual_rules = Rules(world.RULES)


class Range:
    """Another line, or none, for _proctor in /etc/subuid."""

    def __init__(self, line, **how):
        self.line, self.how = line, how

    def __enter__(self):
        with open("/etc/subuid", encoding="utf-8") as f:
            self.kept = f.read()
        world.write("/etc/subuid", self.line, **self.how)

    def __exit__(self, *args):
        world.write("/etc/subuid", self.kept)


class Place:
    """A directory of a user's that nobody else may look into."""

    def __init__(self, owner):
        self.path = os.path.join(world.home, "place-" + owner)
        if not os.path.isdir(self.path):
            os.mkdir(self.path)
        os.chown(self.path, world.uid(owner), world.gid(owner))
        os.chmod(self.path, 0o700)

    def empty(self):
        for name in os.listdir(self.path):
            os.unlink(os.path.join(self.path, name))
        return self

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if os.path.lexists(path):
            os.unlink(path)
        if text is not None:
            st = os.stat(self.path)
            world.write(path, text, 0o600, st.st_uid, st.st_gid)
        return path
