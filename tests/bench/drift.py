#!/usr/bin/env python3
"""Measures `drift` beside the plan of the same fleet, and the memory of `drift --watch`.

Builds the release binary, applies a fleet on an endpoint of its own, and prints Markdown tables: wall
and CPU seconds and peak memory of each whole process, the median of several runs, and what the
formats cost; then the memory of one process that looks a thousand times. Ends with 1 where a figure
is not met. Needs Python 3.9 and a Linux (`/proc`); see README.md here.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import CONFIGURATION, Endpoint, built_binary, environment, measure, median

FORMATS = ["json", "json-lines", "markdown", "github", "sarif", "junit", "prometheus", "html"]
# Drift may take so much of the time of the plan.
ALLOWED = 1.1
# And memory may grow by so much from the first rounds to the last: MiB.
GROWTH = 4.0


def row(name, figures, beside=None):
    wall, cpu, memory = figures
    ratio = f"{wall / beside:.2f}" if beside else ""
    print(f"| {name} | {wall:.3f} | {ratio} | {cpu:.3f} | {memory:.0f} |", flush=True)


def times(binary, directory, env, runs, formats):
    """Drift beside a plan; in turn, so that both see the same machine."""
    commands = {
        "plan": [binary, "plan", "-detailed-exitcode"],
        "drift": [binary, "drift"],
    }
    figures = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            figures[name].append(measure(command, directory, env, 0))
    plan, drift = median(figures["plan"]), median(figures["drift"])
    row("plan", plan)
    row("drift", drift, plan[0])
    for name in formats:
        command = [binary, "drift", f"--output={name}={directory / 'report'}"]
        row(f"drift, {name}", median([measure(command, directory, env, 0) for _ in range(runs)]),
            plan[0])
    return drift[0] / plan[0]


def resident(pid):
    """The memory of a process now, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} has ended")


def answered(process, directory):
    """How many rounds a watch has come through, by the report that it writes in each."""
    file = directory / "watched.json"
    last, rounds = None, 0
    while True:
        if process.poll() is not None:
            raise SystemExit(f"watch ended with {process.returncode}")
        try:
            stamp = (file.stat().st_ino, file.stat().st_mtime_ns)
        except FileNotFoundError:
            stamp = None
        if stamp != last and stamp is not None:
            last = stamp
            rounds += 1
            yield rounds
        time.sleep(0.002)


def watch(binary, directory, env, rounds, interval):
    """The memory of a process that looks so many times: after a tenth of them, and at the end."""
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen(
            [binary, "drift", "--watch", interval, f"--output=json={directory / 'watched.json'}"],
            cwd=directory, env=env, stdout=null, stderr=null)
    marks = {}
    begun = time.perf_counter()
    try:
        for seen in answered(process, directory):
            if seen in (1, rounds // 10, rounds // 2, rounds):
                marks[seen] = resident(process.pid)
            if seen >= rounds:
                break
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    print(f"\n| rounds of `--watch {interval}` | resident MiB |\n|---|---|")
    for seen, memory in marks.items():
        print(f"| {seen:,} | {memory:.1f} |")
    print(f"\nTook {time.perf_counter() - begun:.0f} s.", flush=True)
    return marks[rounds] - marks[rounds // 10]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", type=int, default=10_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--latency", type=int, default=0, help="of the endpoint, in ms")
    arguments.add_argument("--rounds", type=int, default=1_000)
    arguments.add_argument("--watched", type=int, default=100,
                           help="how many buckets are watched")
    arguments.add_argument("--interval", default="1s",
                           help="the shortest that the command takes")
    arguments.add_argument("--formats", default=",".join(FORMATS),
                           help="which formats are measured; nothing for none")
    arguments.add_argument("--binary", help="measure this one instead of building")
    options = arguments.parse_args()
    binary = options.binary or built_binary()
    formats = [name for name in options.formats.split(",") if name]

    def fleet(size, action):
        directory = Path(tempfile.mkdtemp(prefix="sealform-bench-"))
        try:
            (directory / "main.seal.hcl").write_text(CONFIGURATION.format(size=size))
            endpoint = Endpoint(binary, directory, options.latency)
            try:
                env = environment(directory, endpoint.url)
                measure([binary, "apply", "-auto-approve"], directory, env, 0)
                return action(directory, env)
            finally:
                endpoint.stop()
        finally:
            shutil.rmtree(directory)

    print(f"{options.size:,} buckets, {options.latency} ms\n")
    print("| what | wall s | × plan | CPU s | peak MiB |\n|---|---|---|---|---|")
    ratio = fleet(options.size,
                  lambda directory, env: times(binary, directory, env, options.runs, formats))
    failed = []
    if ratio > ALLOWED:
        failed.append(f"drift takes {ratio:.2f} × the plan, of {ALLOWED} allowed")
    if options.rounds:
        growth = fleet(options.watched, lambda directory, env: watch(
            binary, directory, env, options.rounds, options.interval))
        if growth > GROWTH:
            failed.append(f"memory grows by {growth:.1f} MiB, of {GROWTH} allowed")
    sys.exit("\n".join(failed) or 0)


if __name__ == "__main__":
    main()
