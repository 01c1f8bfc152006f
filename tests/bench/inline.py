# SPDX-License-Identifier: MIT
"""What inline completion may cost: bench_inline (C) measures, this knows what is wanted."""
from bench import relay


def run(table, folder, env, quick):
    """Adds the rows."""
    found = relay.measure("bench_inline", folder, env, quick)
    row = found["latency"]
    for share in ("p50", "p99"):
        ours, theirs = row["added_%s_us" % share], row["curl_%s_us" % share]
        table.add("inline completion: added to the model server's own time, %s of %d" % (
            share, row["rounds"]), ours / 1000, None, "curl, same request %.2f ms, %.2f ×" % (
                theirs / 1000, ours / theirs), digits=2)
    for name, label in (("paused", "pause of 150 ms"), ("hurried", "no pause")):
        row = found[name]
        what = "keystroke in a 1 MB source file, %s: " % label
        table.add(what + "didChange, p50", row["change_p50_us"] / 1000, None, "", digits=2)
        table.add(what + "didChange, p99", row["change_p99_us"] / 1000, 2, "", digits=2)
        table.add(what + "inlineCompletion, p50", row["request_p50_us"] / 1000, None, "", digits=2)
        table.add(what + "inlineCompletion, p99", row["request_p99_us"] / 1000, None, "", digits=2)
        table.add(what + "most requests in flight", row["most_open"], 1,
                  "%d requests, %d keystrokes" % (row["requests"], row["keystrokes"]), "", 0)
        growth = (row["rss_late_kib"] - row["rss_early_kib"]) / 1024
        table.add(what + "memory growth", abs(growth), 1, "%+.2f MiB of %.1f" % (
            growth, row["rss_late_kib"] / 1024), "MiB", 2)
