#!/usr/bin/env python3
"""Records what `terraform fmt` makes of each input in cases.json.

Usage: tests/format/record.py [FILE...]

Each FILE is an input to add; its name without the ending is the name of the case. The expected
output of all cases is recorded anew. Texts are lists of lines: joined with a line feed, they are
the text, so that an empty last line is a line feed at the end.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TABLE = Path(__file__).with_name("cases.json")
VERSION = "1.11.4"


def main() -> None:
    version = subprocess.run(
        ["terraform", "version", "-json"], capture_output=True, check=True, text=True
    )
    found = json.loads(version.stdout)["terraform_version"]
    if found != VERSION:
        sys.exit(f"The table is recorded with Terraform {VERSION}; this is {found}.")
    cases = json.loads(TABLE.read_text()) if TABLE.exists() else []
    inputs = {case["name"]: "\n".join(case["input"]) for case in cases}
    for name in sys.argv[1:]:
        inputs[Path(name).stem] = Path(name).read_bytes().decode()
    recorded = []
    with tempfile.TemporaryDirectory() as directory:
        for name, text in inputs.items():
            Path(directory, f"{name}.tf").write_bytes(text.encode())
        done = subprocess.run(
            ["terraform", "fmt", "-no-color", "-list=false", directory],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            sys.exit(done.stderr)
        for name, text in inputs.items():
            output = Path(directory, f"{name}.tf").read_bytes().decode()
            case = {"name": name, "input": text.split("\n"), "expected": output.split("\n")}
            recorded.append(case)
    TABLE.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} cases")


main()
