"""The matrix of death in plain mode and as root: see deaths.py. That of the
installed program is regress/priv/test_deaths.py."""

import cgroups
import deaths
from case import LAUNCHER, Skip, case, check, rows
from cgroups import Place, of_nobody, of_root
from native import Native
from starter import NOBODY

SECTION = "deaths:"


class Nowhere(Native):
    """As root, where nothing is mounted that groups could be made in."""

    def _exec(self, child_in, child_out):
        cgroups.none()
        super()._exec(child_in, child_out)


# Who owns the place, and how it is started there.
MODES = {
    "plain, no groups": (
        NOBODY, lambda place, *args: of_nobody(place, *args, group="")),
    "plain, groups": (NOBODY, of_nobody),
    "root, no groups": (0, lambda place, *args: Nowhere(*args)),
    "root, groups": (0, of_root),
}


@rows(SECTION, deaths.matrix(MODES), limit=120)
def dies(mode, sig, parts):
    if "launcher" in parts and not LAUNCHER:
        raise Skip("built without launchers")
    owner, begin = MODES[mode]
    with Place(owner) as place, begin(place, "-alarm", "1") as p:
        deaths.judge(p, p.ring(), deaths.start(p), mode, sig, parts)


@rows(SECTION + " a child may signal every part,",
      [(mode, mode) for mode in MODES])
def may(mode):
    owner, begin = MODES[mode]
    with Place(owner) as place, begin(place) as p:
        check(deaths.may_signal(p, p.ring()) == list(p.ring()),
              "not all of %s", list(p.ring()))


@case(SECTION + " the table of SECURITY.md is one that was written for it")
def written():
    body = deaths.split(deaths.current())[1]
    check(body == deaths.table(deaths.exceptions(body)),
          "it is another: regress/fault/table.py --write")
