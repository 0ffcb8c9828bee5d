"""Runs cases one after another, with a line each on stdout."""

import signal
import time
import traceback

import case
import proc


class TimeOut(BaseException):
    """The watchdog; nothing that a case catches catches it."""


def on_alarm(number, frame):
    raise TimeOut()


def attempt(one):
    """Run one case: its result and a text about it."""
    # The interval is there for a clean-up that hangs as well.
    signal.setitimer(signal.ITIMER_REAL, one.limit, 5)
    try:
        one.run()
        return "ok", ""
    except case.Failure as e:
        return "FAIL", str(e)
    except case.Skip as e:
        return "skip", str(e)
    except TimeOut:
        return "FAIL", "hung: no end after %d s" % one.limit
    except Exception:
        return "FAIL", traceback.format_exc().strip().replace("\n", " | ")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def clean():
    """Nothing of a case may reach the next one."""
    left = proc.kill_all()
    if left:
        print("cannot get rid of %s" % left)


def report(result, heading, name, took=0, text=""):
    print("%s %s %s%s%s" % (
        result, heading, name, " (%.1f s)" % took if took > 2 else "",
        ": " + text if text else ""), flush=True)


def run_all(cases, heading):
    """Run them; {"ok": N, "FAIL": N, "skip": N}."""
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    signal.signal(signal.SIGALRM, on_alarm)
    for one in cases:
        start = time.monotonic()
        result, text = attempt(one)
        clean()
        count[result] += 1
        report(result, heading, one.name, time.monotonic() - start, text)
    return count
