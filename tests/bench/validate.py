#!/usr/bin/env python3
"""Measures `validate` beside the bare parse of the same files, and beside `terraform validate`.

Builds the release binaries and prints a Markdown table of wall and CPU seconds and peak memory of
each whole process, the median of several runs. Terraform is measured where it is installed, on
blocks of its own `terraform_data` with the same content: it needs no provider for them. Needs
Python 3.9 and a Unix; see README.md here.
"""

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from run import built, measure, median

BLOCK = """
resource "aws_s3_bucket_server_side_encryption_configuration" "b{n}" {{
  bucket = "bench-{n}"

  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21"
    }}
    bucket_key_enabled = true
  }}
}}
"""

EACH = """
resource "aws_s3_bucket_server_side_encryption_configuration" "each" {{
  for_each = {{
{entries}
  }}
  bucket = each.key

  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm = each.value
    }}
  }}
}}
"""

TERRAFORM_BLOCK = """
resource "terraform_data" "b{n}" {{
  input = {{
    bucket = "bench-{n}"
    rule = {{
      apply_server_side_encryption_by_default = {{
        sse_algorithm     = "aws:kms"
        kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21"
      }}
      bucket_key_enabled = true
    }}
  }}
}}
"""

TERRAFORM_EACH = """
resource "terraform_data" "each" {{
  for_each = {{
{entries}
  }}
  input = {{ bucket = each.key, sse_algorithm = each.value }}
}}
"""


def blocks(directory, template, suffix, count, files):
    """Writes `count` blocks in `files` files."""
    for file in range(files):
        numbers = range(file * count // files, (file + 1) * count // files)
        text = "".join(template.format(n=n) for n in numbers)
        (directory / f"f{file:05}{suffix}").write_text(text)


def keys(directory, template, suffix, count):
    """Writes one block with a literal map of `count` keys."""
    entries = "\n".join(f'    "bench-{n}" = "aws:kms"' for n in range(count))
    (directory / f"main{suffix}").write_text(template.format(entries=entries))


def row(name, what, command, directory, runs, floor=None):
    wall, cpu, memory = median([measure(command, directory, None, 0) for _ in range(runs)])
    ratio = f"{wall / floor:.2f}" if floor else ""
    print(f"| {name} | {what} | {wall:.3f} | {ratio} | {cpu:.3f} | {memory:.0f} |", flush=True)
    return wall


def bench(name, write, write_terraform, options, binary, parse):
    directory = Path(tempfile.mkdtemp(prefix="sealform-bench-"))
    try:
        write(directory)
        floor = row(name, "bare parse", [parse, "own", "."], directory, options.runs)
        row(name, "validate", [binary, "validate"], directory, options.runs, floor)
        if options.hcl_edit:
            row(name, "bare parse by hcl-edit", [parse, "hcl-edit", "."], directory, 1)
        size = sum(file.stat().st_size for file in directory.iterdir()) / 2**20
        print(f"| {name} | size of the files: {size:.1f} MiB | | | | |", flush=True)
    finally:
        shutil.rmtree(directory)
    terraform = shutil.which("terraform")
    if not terraform or not options.terraform:
        return
    directory = Path(tempfile.mkdtemp(prefix="sealform-bench-"))
    try:
        write_terraform(directory)
        subprocess.run([terraform, "init", "-input=false"], cwd=directory, check=True,
                       stdout=subprocess.DEVNULL)
        row(name, "terraform validate", [terraform, "validate"], directory, 1, None)
    finally:
        shutil.rmtree(directory)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=10_000)
    arguments.add_argument("--files", type=int, default=1_000)
    arguments.add_argument("--keys", type=int, default=100_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--no-terraform", dest="terraform", action="store_false")
    arguments.add_argument("--hcl-edit", action="store_true",
                           help="measure that parser too; it takes a minute on many keys")
    options = arguments.parse_args()
    binary, parse = built("parse")
    print("| what is read | by | wall s | × bare parse | CPU s | peak MiB |")
    print("|---|---|---|---|---|---|")
    count, files = options.blocks, options.files
    bench(f"{count:,} blocks in {files:,} files",
          lambda to: blocks(to, BLOCK, ".seal.hcl", count, files),
          lambda to: blocks(to, TERRAFORM_BLOCK, ".tf", count, files),
          options, binary, parse)
    bench(f"one `for_each` over {options.keys:,} keys",
          lambda to: keys(to, EACH, ".seal.hcl", options.keys),
          lambda to: keys(to, TERRAFORM_EACH, ".tf", options.keys),
          options, binary, parse)


if __name__ == "__main__":
    main()
