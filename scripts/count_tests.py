#!/usr/bin/env python3
"""Sums the cases of a `meson test` run: prints "PASSED FAILED", and each program's share on stderr.

A program reports its cases itself, doctest with its summary line and a script with a line
"N passed, N failed". One that fails without having reported a failure (a crash, a time-out) or
reports nothing at all counts as one failed case.
"""
import json
import re
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
SCRIPT = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def cases(run):
    output = COLOUR.sub("", run.get("stdout", ""))
    reported = DOCTEST.findall(output) or SCRIPT.findall(output)[-1:]
    passed = sum(int(p) for p, _ in reported)
    failed = sum(int(f) for _, f in reported)
    succeeded = run["result"] in ("OK", "EXPECTEDFAIL")
    if (not succeeded or not reported) and failed == 0:
        failed = 1
    return passed, failed


def main(log):
    total_passed = total_failed = 0
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            run = json.loads(line)
            passed, failed = cases(run)
            print(f"{run['name']:<40} {passed:>5} passed, {failed} failed", file=sys.stderr)
            total_passed += passed
            total_failed += failed
    print(total_passed, total_failed)
    if total_passed + total_failed == 0:
        sys.exit("no test reported anything")


if __name__ == "__main__":
    main(sys.argv[1])
