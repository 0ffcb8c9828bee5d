#!/usr/bin/python3
"""page_test.py: what page.py makes of results that are put together here."""

import page

HALF = {"text": "  <half>", "unit": "us", "goal": "<= 0.90 x erlexec",
        "verdict": "missed", "why": "As it was measured.",
        "medians": {"floor": 1, "open_port": 90, "proctor": 100,
                    "erlexec": 102}}


def check(expected, got, what):
    assert expected == got, f"{what}: {got!r} in place of {expected!r}"


def main():
    check([(100 / 90, "open_port")], page.behind(HALF), "who is faster")
    check([], page.behind(dict(HALF, unit="/s")), "level is not behind")
    check([], page.behind(dict(HALF, medians={"floor": 1, "proctor": 2})),
          "the floor is no rival")
    rounds = [{"proctor": {"1": 5, "8": 10, "first": 1}},
              {"proctor": "failed"},
              {"proctor": {"1": 7, "8": 30}}, {"proctor": {"1": 6, "8": 20}}]
    check([(1, 6), (8, 20)], page.points(rounds, "proctor", None), "medians")
    rounds = [{"proctor": {"memory": [[50, 1], [100, 2]]}},
              {"proctor": {"memory": [[50, 3]]}}]
    check([(50, 3)], page.points(rounds, "proctor", "memory"),
          "the last memory")
    machine = dict.fromkeys(("processor", "cpus", "kernel", "otp", "date",
                             "commit"), "<&>")
    runs = [{"task": "callers", "rounds": [{"proctor": {"1": 5, "2": 9}}]}]
    out = page.page({"machine": machine, "figures": [HALF], "runs": runs})
    check(1, out.count("<svg "), "pictures")
    check(0, out.count("<half>") + out.count("<&>") + out.count("http"),
          "what is not escaped, or elsewhere")
    check(1, out.count("Behind open_port by 1.11. As it was measured."), "why")
    for low, high, base in ((1, 64, 2), (1024, 1 << 30, 2), (3, 90000, 10),
                            (0, 7, 0), (0, 0.02, 0)):
        got = page.ticks(low, high, base)
        assert 2 <= len(got) <= 12 and low <= got[0] <= got[-1] <= high, got
    print("bench: the page is as it should be")


if __name__ == "__main__":
    main()
