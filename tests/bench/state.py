#!/usr/bin/env python3
"""Measures reading and writing a state of many resources.

Builds the release binary, makes a state, and prints a Markdown table of wall and CPU seconds and
peak memory of whole processes, medians of several runs: reading it (`state list`), and reading,
changing and writing it with a backup and a version (`state mv`). Needs Python 3.9 and a Unix; see
README.md here.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

from run import built_binary, measure, median

TYPE = "aws_s3_bucket_server_side_encryption_configuration"


def resource(n):
    rule = {
        "apply_server_side_encryption_by_default": [
            {
                "kms_master_key_id": "arn:aws:kms:eu-west-1:111122223333:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21",
                "sse_algorithm": "aws:kms",
            }
        ],
        "blocked_encryption_types": ["SSE-C"],
        "bucket_key_enabled": True,
    }
    return {
        "address": f"{TYPE}.b{n:06}",
        "identity": f"bench-{n}",
        "provider": "aws",
        "region": None,
        "values": {"rule": [rule]},
        "sensitive": [],
        "depends_on": [],
        "prevent_destroy": False,
    }


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="1000,10000,100000")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--binary", help="do not build, measure this one")
    given = options.parse_args()
    binary = given.binary or built_binary()
    print("| resources | what | wall s | CPU s | peak MiB |\n|---|---|---|---|---|")
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "state" / "sealform.state.json"
            path.parent.mkdir()
            state = {
                "version": 1,
                "tool_version": "0.1.0",
                "serial": 1,
                "lineage": "bench",
                "outputs": {},
                "resources": [resource(n) for n in range(size)],
            }
            path.write_text(json.dumps(state))

            def runs(command):
                return median([measure([binary, *command()], name, os.environ, 0)
                               for _ in range(given.runs)])

            names = [f"{TYPE}.b000000", f"{TYPE}.moved"]

            def move():
                names.reverse()
                return ["state", "mv", *reversed(names)]

            rows = {"read": runs(lambda: ["state", "list"]), "read and write": runs(move)}
            for what, (wall, cpu, peak) in rows.items():
                print(f"| {size:,} | {what} | {wall:.3f} | {cpu:.3f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
