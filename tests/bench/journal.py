#!/usr/bin/env python3
"""Measures what the journal costs of an apply.

Builds the release binary and journal.rs, applies fleets on a sandbox in a process of its own, and
prints a Markdown table, medians of several runs:

- apply: wall seconds of the whole process;
- syncs: how often it syncs the journal, by strace (`-`, where there is none);
- recording: wall seconds that recording as many steps takes alone, with as many syncs, in the same
  directory: values to JSON, checksums, writes, syncs;
- share: recording by apply.

Recording is counted as if nothing else went on meanwhile; in an apply requests do. Needs Python 3.9
and a Unix; see README.md here.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from run import CONFIGURATION, Endpoint, built, environment, measure


def syncs(binary, directory, env, arguments):
    """How often an apply syncs its journal: nothing else is synced by fdatasync."""
    strace = shutil.which("strace")
    if not strace:
        return None
    log = directory / "strace.log"
    command = [strace, "-f", "--seccomp-bpf", "-e", "trace=fdatasync", "-o", str(log), binary]
    measure([*command, *arguments], directory, env, 0)
    text = log.read_text()
    return sum("fdatasync(" in line and "resumed" not in line for line in text.splitlines())


def bench(binary, journal, size, latency, runs, parent):
    directory = Path(tempfile.mkdtemp(prefix="sealform-journal-", dir=parent))
    apply = ["apply", "-auto-approve", "-allow-weakening"]
    try:
        (directory / "main.seal.hcl").write_text(CONFIGURATION.format(size=size))

        def fresh(action):
            """Does something with buckets that nobody has applied to, and no state."""
            shutil.rmtree(directory / "state", ignore_errors=True)
            endpoint = Endpoint(binary, directory, latency)
            try:
                return action(environment(directory, endpoint.url))
            finally:
                endpoint.stop()

        walls = [fresh(lambda e: measure([binary, *apply], directory, e, 0))[0]
                 for _ in range(runs)]
        count = fresh(lambda e: syncs(binary, directory, e, apply))
        group = max(1, round(size / count)) if count else 16
        records, written = [], 0
        for _ in range(runs):
            for name in ("journal.state.json", "journal.state.json.journal"):
                (directory / name).unlink(missing_ok=True)
            told = subprocess.run([journal, str(directory), str(size), str(group)],
                                  check=True, stdout=subprocess.PIPE, text=True).stdout.split()
            records.append(float(told[0]))
            written = int(told[1])
        wall, record = statistics.median(walls), statistics.median(records)
        print(f"| {size:,} | {latency} | {wall:.3f} | {count or '-'} | {record:.3f} | "
              f"{record / size * 1e6:.0f} | {written / 2**20:.1f} | {record / wall:.1%} |",
              flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="1000,10000")
    options.add_argument("--latencies", default="0,20")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--directory", help="measure on the file system of this directory")
    options.add_argument("--binary", help="do not build, measure this one")
    options.add_argument("--journal", help="do not build, take this as journal.rs")
    given = options.parse_args()
    binary, journal = given.binary, given.journal
    if not (binary and journal):
        binary, journal = built("journal")
    print("| buckets | latency ms | apply s | syncs | recording s | µs a step | MiB | share |\n"
          "|---|---|---|---|---|---|---|---|")
    for latency in map(int, given.latencies.split(",")):
        for size in map(int, given.sizes.split(",")):
            bench(binary, journal, size, latency, given.runs, given.directory)


if __name__ == "__main__":
    main()
