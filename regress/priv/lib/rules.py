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
