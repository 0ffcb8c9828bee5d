"""Cases, what they may expect, and how they fail.

A case is a function without arguments under @case("SECTION what: detail"),
where SECTION is the heading of the protocol's description that it belongs
to. Tables register a case a row through rows().
"""

import inspect
import os
import re
import time

import etf
from etf import A
from patience import SLOW, Limit, stretched, within  # SLOW: for cases

SOAK = os.environ.get("PORT_SOAK", "0") not in ("", "0")
ROOT = os.geteuid() == 0
# Built with --without-launcher: priv forks the children itself.
LAUNCHER = os.environ.get("PORT_LAUNCHER", "yes") != "no"

CASES = []


class Failure(Exception):
    """The port did something else than expected."""


class Skip(Exception):
    """The case cannot be run here; the text says why."""


class Case:
    def __init__(self, name, run, limit, any_build=False):
        self.name = name
        self.run = run
        self.limit = limit
        self.any_build = any_build


def _function(what):
    """What was to be decorated; what stands between may be something else,
    which would be called as well and checks nothing."""
    if not inspect.isfunction(what):
        raise TypeError("%r is no function: what is the case?" % (what,))


def case(name, limit=20):
    """Register a function; limit is the watchdog's patience in seconds."""
    def register(function):
        _function(function)
        CASES.append(Case(name, function, limit, hasattr(function,
                                                         "any_build")))
        return function
    return register


def any_build(function):
    """To be run in the priv suite without launchers, too."""
    function.any_build = True
    return function


def rows(section, table, limit=20):
    """Register a function for each row of a table, whose first is a name."""
    def register(function):
        _function(function)
        for row in table:
            CASES.append(Case("%s %s" % (section, row[0]),
                              lambda row=row: function(*row[1:]), limit,
                              hasattr(function, "any_build")))
        return function
    return register


# Patterns ---------------------------------------------------------------

class Pattern:
    """Stands for a term in an expectation."""

    def __init__(self, name, test):
        self.name = name
        self.test = test

    def __repr__(self):
        return self.name


def _is_int(term):
    return type(term) is int


ANY = Pattern("_", lambda term: True)
INT = Pattern("Int", _is_int)
PID = Pattern("OsPid", lambda term: _is_int(term) and term > 1)


def Text(exact):
    """An Erlang string, a list, with just this text."""
    return Pattern('"%s"' % exact, lambda term: etf.text(term) == exact)


def Like(regex):
    """An Erlang string in which the expression is found."""
    return Pattern('"...%s..."' % regex, lambda term: bool(
        term and etf.text(term) and re.search(regex, etf.text(term))))


OK = A.ok
BADARG = (A.error, A.badarg)
STARTED = (A.pid, PID)
SOME_TEXT = Like("(?s).")
# Section 1: "{error, badarg} (atom) or an {error, Text}".
REFUSED = (A.error, Pattern("badarg | Text", lambda term: (
    term == A.badarg or SOME_TEXT.test(term))))
ERROR = (A.error, ANY)


def Naming(option):
    """{error, Text} with the option's name as a word of the text."""
    return (A.error, Like(r"(?<![a-z_])%s(?![a-z_])" % re.escape(option)))


def matches(pattern, term):
    if isinstance(pattern, Pattern):
        return pattern.test(term)
    if isinstance(pattern, tuple):
        return (isinstance(term, tuple) and len(term) == len(pattern)
                and all(map(matches, pattern, term)))
    return type(pattern) is type(term) and pattern == term


def expect(pattern, term, what="reply"):
    if not matches(pattern, term):
        raise Failure("%s: expected %s, got %s"
                      % (what, etf.show(pattern), etf.show(term)))


def check(condition, message, *values):
    if not condition:
        raise Failure(message % values)


def timely(options):
    """Options of a run whose timeout is to come behind the child's start."""
    return [(A.timeout, stretched(o[1])) if isinstance(o, tuple)
            and o[0] == A.timeout else o for o in options]


def check_took(took, least, most):
    """A time in seconds: no machine makes it shorter, a busy one longer."""
    check(took >= least and within(took, most), "%.2f s, not %s to %s", took,
          least, most)


def eventually(function, seconds, message):
    """Ask until the answer is true; the answer."""
    limit = Limit(seconds)
    while True:
        value = function()
        if value:
            return value
        if limit.left() <= 0:
            raise Failure(message() if callable(message) else message)
        time.sleep(0.01)
