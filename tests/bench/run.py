#!/usr/bin/env python3
"""Measures plan, apply and a second plan of a fleet, beside the floor.

Builds the release binary, serves the sandbox in a process of its own, and prints a Markdown table:
wall and CPU seconds and peak memory of each whole process (the median of several runs), and the
requests a bucket. Needs Python 3.9 and a Unix; see README.md here.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CONFIGURATION = """
variable "size" {{
  type    = number
  default = {size}
}}

resource "aws_s3_bucket_server_side_encryption_configuration" "bench" {{
  for_each = toset([for n in range(var.size) : "bench-${{n}}"])
  bucket   = each.value
  rule {{
    apply_server_side_encryption_by_default {{ sse_algorithm = "aws:kms" }}
    bucket_key_enabled = true
  }}
}}
"""


def built_binary():
    """Builds the binary; gives its path."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    return str(Path(target) / "release" / "sealform")


def built(bench):
    """Builds the binary and one benchmark; gives their paths."""
    binary = built_binary()
    lines = subprocess.run(
        ["cargo", "bench", "--locked", "--bench", bench, "--no-run", "--message-format=json"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    path = [m["executable"] for m in messages
            if m.get("executable") and m["target"]["name"] == bench]
    return binary, path[0]


def measure(command, cwd, env, expected):
    """Runs a command; gives wall s, CPU s and peak MiB of its process."""
    begun = time.perf_counter()
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=null, stderr=null)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise SystemExit(f"{command} ended with {process.returncode}, not {expected}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def median(rows):
    return tuple(statistics.median(column) for column in zip(*rows))


class Endpoint:
    """`sealform sandbox` in a process of its own, with the buckets of a configuration."""

    def __init__(self, binary, directory, latency):
        self.process = subprocess.Popen(
            [binary, "sandbox", "--port", "0", "--latency-ms", str(latency)],
            cwd=directory, stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+?(?=\.? )", self.process.stdout.readline()).group(0)

    def stop(self):
        """Ends it; gives the requests that it answered by operation."""
        self.process.send_signal(signal.SIGINT)
        text, _ = self.process.communicate(timeout=30)
        counts = dict(re.findall(r"^(\w+) (\d+)$", text, re.M))
        return {operation: int(count) for operation, count in counts.items()}


def environment(directory, url):
    """What a process that talks to an endpoint has in its environment, and nothing else."""
    return {"PATH": os.environ["PATH"], "HOME": str(directory), "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": url}


def bench(binary, floor, size, latency, in_flight, runs):
    directory = Path(tempfile.mkdtemp(prefix="sealform-bench-"))
    try:
        (directory / "main.seal.hcl").write_text(CONFIGURATION.format(size=size))

        def with_endpoint(action):
            endpoint = Endpoint(binary, directory, latency)
            try:
                result = action(environment(directory, endpoint.url), endpoint.url)
            finally:
                counts = endpoint.stop()
            return result, counts

        rows = {}
        plan = [binary, "plan", "-detailed-exitcode"]
        rows["floor"], _ = with_endpoint(lambda e, url: median(
            [measure([floor, url, str(size), str(in_flight)], directory, e, 0)
             for _ in range(runs)]))
        rows["plan"], counts = with_endpoint(lambda e, _: median(
            [measure(plan, directory, e, 2) for _ in range(runs)]))
        per_plan = counts.get("GetBucketEncryption", 0) / runs / size
        rows["apply"], counts = with_endpoint(lambda e, _: measure(
            [binary, "apply", "-auto-approve"], directory, e, 0))
        per_apply = sum(counts.values()) / size
        rows["second plan"], counts = with_endpoint(lambda e, _: median(
            [measure(plan, directory, e, 0) for _ in range(runs)]))
        requests = {"floor": 1.0, "plan": per_plan, "apply": per_apply,
                    "second plan": counts.get("GetBucketEncryption", 0) / runs / size}
        for name, (wall, cpu, memory) in rows.items():
            ratio = f"{wall / rows['floor'][0]:.2f}" if "plan" in name else ""
            print(f"| {size:,} | {latency} | {name} | {wall:.3f} | {ratio} | {cpu:.3f} "
                  f"| {memory:.0f} | {requests[name]:.2f} |", flush=True)
    finally:
        shutil.rmtree(directory)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="1,100,1000,10000")
    arguments.add_argument("--latencies", default="0,20", help="milliseconds")
    arguments.add_argument("--in-flight", type=int, default=256, help="of the floor")
    arguments.add_argument("--runs", type=int, default=5)
    options = arguments.parse_args()
    binary, floor = built("floor")
    print("| buckets | latency ms | what | wall s | × floor | CPU s | peak MiB | requests a bucket |")
    print("|---|---|---|---|---|---|---|---|")
    for latency in map(int, options.latencies.split(",")):
        for size in map(int, options.sizes.split(",")):
            bench(binary, floor, size, latency, options.in_flight, options.runs)


if __name__ == "__main__":
    main()
