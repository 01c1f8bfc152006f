# SPDX-License-Identifier: MIT
"""The relay gates of DESIGN.md A13: bench_relay (C) measures, this knows what is wanted."""
import json
import pathlib
import subprocess

from lib.harness import PROJECT, program

ANSWER_MIB = 4  # of one answer, which the server holds until it is whole


def binary():
    """Beside the program under test, else of the dev build."""
    beside = pathlib.Path(program()).parent / "tests" / "bench" / "bench_relay"
    return beside if beside.exists() else PROJECT / "build" / "tests" / "bench" / "bench_relay"


def measure(folder, env, quick):
    path = binary()
    if not path.exists():
        raise SystemExit("no %s: cmake --build build --target bench_relay" % path)
    command = [str(path), program(), str(folder)] + (["--quick"] if quick else [])
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, check=False)
    if done.returncode != 0:
        raise SystemExit("bench_relay: exit %d\n%s" % (done.returncode, done.stderr.decode()))
    return json.loads(done.stdout)


def run(table, folder, env, quick):
    """Adds the rows."""
    found = measure(folder, env, quick)
    for action, label in (("explain", "Markdown"), ("complete", "code")):
        row = found[action]
        table.add("relay, %s: a token's bytes → its delta, p50" % label, row["p50_us"] / 1000, None,
                  "curl -N on the same stream %.2f ms" % (row["curl_p50_us"] / 1000), digits=2)
        table.add("relay, %s: a token's bytes → its delta, p99" % label, row["p99_us"] / 1000, None,
                  "curl -N %.2f ms" % (row["curl_p99_us"] / 1000), digits=2)
        # Beside curl on the same stream, so that what else the machine does hits both.
        table.add("relay, %s: added to each token, p50" % label, row["added_p50_us"] / 1000, None,
                  "", digits=2)
        table.add("relay, %s: added to each token, p99" % label, row["added_p99_us"] / 1000, 2, "",
                  digits=2)
        table.add("relay, %s: added to the first token" % label, row["added_first_us"] / 1000, 2,
                  "", digits=2)
        table.add("command → chat request at the server (%s)" % action, row["command_to_request_ms"],
                  None, "", digits=2)
    for name, label in (("sustained", "at the pace of the gate"), ("burst", "as fast as it goes")):
        row = found[name]
        beside = "%.0f tokens/s of %.0f sent" % (row["per_second"], row["sent"] / row["seconds"])
        if name == "burst":
            beside = "%.0f tokens/s; curl -N %.0f" % (row["per_second"], found["curl"]["per_second"])
        table.add("20,000 tokens/s / tokens/s, %s, %.0f s" % (label, row["seconds"]),
                  20000 / max(1.0, row["per_second"]), 1, beside, "×", 2)
    lost = found["sustained"]["sent"] - found["sustained"]["tokens"]
    table.add("tokens lost meanwhile", abs(lost), 0, "", "", 0)
    row = found["sustained"]
    growth = (row["rss_peak_kib"] - row["rss_before_kib"]) / 1024
    table.add("memory meanwhile, beyond the answer itself (%d MiB at most)" % ANSWER_MIB, growth,
              16, "%.1f MiB before, %.1f after" % (row["rss_before_kib"] / 1024,
                                                   row["rss_after_kib"] / 1024), "MiB")
    row = found["cancel"]
    table.add("cancel → socket closed, median of %d" % row["rounds"], row["p50_ms"], None, "", digits=2)
    table.add("cancel → socket closed, longest", row["max_ms"], 50, "", digits=2)
