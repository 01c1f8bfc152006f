# SPDX-License-Identifier: MIT
"""Runs the Python tests: `python3 -m lib.run [options] FOLDER...` with PYTHONPATH=tests.

Each test class runs in a process of its own, a few at a time, and is killed when it exceeds its
time limit. The last line is `N passed, N failed, N skipped`; every skip is printed with its reason.
"""
import argparse
import concurrent.futures
import faulthandler
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from lib import coverage

TESTS = pathlib.Path(__file__).resolve().parents[1]


def classes(folder, pattern):
    """Names "module:Class" of every test class in the test_*.py of a folder."""
    found = []
    for path in sorted((TESTS / folder).rglob("test_*.py")):
        module = ".".join(path.relative_to(TESTS).with_suffix("").parts)
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
        for test in _flat(suite):
            if pattern and pattern not in test.id():
                continue
            name = "%s:%s" % (module, type(test).__name__)
            if type(test).__module__ != module:
                raise SystemExit("cannot load %s: %s" % (module, test))
            if name not in found:
                found.append(name)
    return found


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


class Result(unittest.TestResult):
    """Collects outcomes as plain data."""

    def __init__(self):
        super().__init__()
        self.passed, self.took, self._begun = [], {}, 0.0

    def startTest(self, test):
        super().startTest(test)
        self._begun = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.took[test.id()] = round(time.monotonic() - self._begun, 3)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed.append(test.id())


def run_class(name, pattern):
    """In the child: run one class, print the outcome as JSON on the last line."""
    module, _, wanted = name.partition(":")
    suite = unittest.TestSuite()
    for test in _flat(unittest.defaultTestLoader.loadTestsFromName(module)):
        if type(test).__name__ == wanted and (not pattern or pattern in test.id()):
            suite.addTest(test)
    result = Result()
    suite.run(result)
    bad = result.failures + result.errors
    bad += [(test, "succeeded although marked as an expected failure")
            for test in result.unexpectedSuccesses]
    print("\n" + json.dumps({
        "passed": result.passed, "took": result.took,
        "failed": [[str(getattr(test, "id", lambda: test)()), text] for test, text in bad],
        "skipped": [[test.id(), reason] for test, reason in result.skipped]
        + [[test.id(), "known: " + text.strip().splitlines()[-1]]
           for test, text in result.expectedFailures]}))
    return 0


def spawn(name, pattern, limit):
    """Run one class in a child process."""
    command = [sys.executable, "-X", "faulthandler", "-m", "lib.run", "--class", name]
    if pattern:
        command += ["-k", pattern]
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             cwd=str(TESTS), env=dict(os.environ, PYTHONPATH=str(TESTS)),
                             start_new_session=True)
    try:
        out = child.communicate(timeout=limit)[0].decode("utf-8", "replace")
        outcome = json.loads(out.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        out = child.communicate()[0].decode("utf-8", "replace")
        outcome = {"passed": [], "skipped": [], "took": {},
                   "failed": [[name, "over its limit of %d s\n%s" % (limit, out[-4000:])]]}
    except (ValueError, IndexError):
        outcome = {"passed": [], "skipped": [], "took": {}, "failed": [[name, out[-6000:]]]}
    return name, outcome, time.monotonic() - started


def second_time(name, failures, pacing, limit):
    """Run what failed once more, alone: how many of the failures are gone.

    Hundreds of tests with sockets and processes share two cores; what fails twice, the second time
    alone, is broken. What passes is told, so that it gets mended: it is a race of the test or worse.
    """
    good = 0
    for test in dict.fromkeys(str(test).split(" ")[0] for test, _ in failures):
        count = sum(str(failed).split(" ")[0] == test for failed, _ in failures)
        _, outcome, _ = spawn(name, None if ":" in test else test, limit)
        if outcome["passed"] and not outcome["failed"]:
            print("FLAKY %s (pacing %s): passed the second time, alone\n" % (test, pacing), flush=True)
            good += count
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", help="folders under tests/, e.g. wire")
    parser.add_argument("-k", dest="pattern", help="only tests whose name contains this")
    parser.add_argument("--pacing", default="single", help="together, single, dribble, or all")
    parser.add_argument("--limit", type=float, default=240, help="seconds per test class")
    parser.add_argument("-j", dest="jobs", type=int, default=(os.cpu_count() or 1) + 1)
    parser.add_argument("--label", default="", help="printed in front of the summary")
    parser.add_argument("--slow", type=int, default=0, help="print the slowest tests")
    parser.add_argument("--class", dest="one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        return run_class(arguments.one, arguments.pattern)

    faulthandler.enable()
    names = [name for folder in arguments.folders for name in classes(folder, arguments.pattern)]
    pacings = ("together", "single", "dribble") if arguments.pacing == "all" else (
        arguments.pacing,)
    notes = tempfile.TemporaryDirectory(prefix="ollama-ls-coverage-")
    os.environ["OLLAMA_LS_COVERAGE"] = notes.name
    passed = failed = 0
    skips, took = {}, {}
    flaky = 0
    for pacing in pacings:
        again = []
        os.environ["OLLAMA_LS_PACING"] = pacing
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            jobs = [pool.submit(spawn, name, arguments.pattern, arguments.limit) for name in names]
            for job in concurrent.futures.as_completed(jobs):
                name, outcome, _ = job.result()
                passed += len(outcome["passed"])
                failed += len(outcome["failed"])
                took.update(outcome["took"])
                for test, text in outcome["failed"]:
                    print("FAIL %s (pacing %s)\n%s\n" % (test, pacing, _indent(text)), flush=True)
                if outcome["failed"]:
                    again.append((name, outcome["failed"]))
                for test, reason in outcome["skipped"]:
                    skips[(test, pacing)] = reason
        for name, failures in again:
            good = second_time(name, failures, pacing, arguments.limit)
            passed, failed = passed + good, failed - good
            flaky += good
    if "wire" in arguments.folders and not arguments.pattern:
        missing = coverage.never_used(notes.name)
        passed, failed = passed + (not missing), failed + bool(missing)
        if missing:
            print("FAIL announced, but no test uses it: %s" % ", ".join(missing))
    notes.cleanup()
    for (test, pacing), reason in sorted(skips.items()):
        print("skip %s (pacing %s): %s" % (test, pacing, reason))
    for test, seconds in sorted(took.items(), key=lambda row: -row[1])[:arguments.slow]:
        print("%7.2f s %s" % (seconds, test))
    if not names:
        print("no tests in %s" % " ".join(arguments.folders))
        failed = 1
    if flaky:
        print("%d of these only the second time, alone: see FLAKY above" % flaky)
    print("%s%d passed, %d failed, %d skipped" % (
        arguments.label + ": " if arguments.label else "", passed, failed, len(skips)))
    return 1 if failed else 0


def _indent(text):
    stream = io.StringIO()
    for line in text.rstrip().splitlines():
        stream.write("    " + line + "\n")
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
