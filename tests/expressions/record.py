#!/usr/bin/env python3
"""Records what `terraform console` answers to the expressions of the corpus.

Each line of a corpus file (`*.txt` beside this script) is an expression, what the console prints for it, and what it
prints for `type(...)` of it, with tabs between. Line breaks are written as `␤`, carriage returns as `␍` and tabs
as `␉`. Where Terraform gives an error, the second column is `ERROR` and the third its summary. Lines that begin with
`#` are comments.

    record.py             asks again for every line of every file, and for the tables below
    record.py NAME...     does so for these files only, such as `templates.txt`
    record.py --new ...   asks only for lines that have no answer yet

Everything is evaluated beside `scope.hcl` and `files`. An expression of several lines cannot be given to the console by a pipe, so
it becomes a local value there, in parentheses: an expression that stands alone may have line breaks anywhere.
"""

import concurrent.futures
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
VERSION = "1.11.4"

# What the tables are made of: a value of each kind, and the awkward ones.
VALUES = [
    "null", "tostring(null)", "true", "1", "2.5", '"1"', '"a"', '"true"', '""',
    "[]", "[1]", '["a", 1]', "[null]", "[[1], []]",
    "tolist([])", "tolist([1])", 'tolist(["a"])', "tolist([[1]])",
    'toset(["a"])', "toset([1, 2])", "toset([])",
    "{}", "{a = 1}", '{a = "x", b = true}', "{a = null}", "{b = [1]}",
    "tomap({})", "tomap({a = 1})", 'tomap({b = "x"})', "tomap({a = [1]})",
]
OPERANDS = [
    "null", "tostring(null)", "true", "0", "7", "-2.5", '"5"', '"a"', '"false"', "[1]", "{}", "tolist([])",
    'sensitive(3)', 'sensitive("x")', "var.number", "var.any",
]


def tables():
    """The files that are products of lists, by name."""
    pairs = list(itertools.product(OPERANDS, OPERANDS))
    operators = [f"{a} {op} {b}" for op in ("+", "<", "&&", "||") for a, b in pairs]
    numbers = ["0", "7", "-2", "2.5", '"5"', '"-0.5"', "1e30", "sensitive(3)", "var.number"]
    operators += [
        f"{a} {op} {b}" for op in ("-", "*", "/", "%", "<=", ">", ">=")
        for a, b in itertools.product(numbers, numbers)
    ]
    operators += [f"{op}{a}" for op in ("-", "!") for a in OPERANDS + ['"true"', "-1", "!true", "(-1)"]]
    equality = [f"{a} == {b}" for a, b in itertools.combinations_with_replacement(VALUES, 2)]
    equality += [f"{a} != {b}" for a, b in zip(VALUES, VALUES[1:])]
    conditionals = [f"true ? {a} : {b}" for a, b in itertools.product(VALUES, VALUES)]
    unions = [f"tolist([{a}, {b}])" for a, b in itertools.combinations_with_replacement(VALUES, 2)]
    unions += [f"tomap({{x = {a}, y = {b}}})" for a, b in itertools.combinations(VALUES, 2)]
    functions = ["tostring", "tonumber", "tobool", "tolist", "toset", "tomap", "length", "jsonencode", "keys", "values"]
    conversions = [f"{name}({value})" for name in functions for value in VALUES]
    conversions += [f"toset([{a}, {b}])" for a, b in itertools.combinations(VALUES, 2) if a[0] != "n"][::2]
    keys = ["0", "1", "-1", "0.5", '"0"', '"a"', '"zz"', "null", "true", "1e30", "[]", "var.number", "sensitive(0)"]
    access = [f"{value}[{key}]" for value in VALUES if value[0] not in '0123456789' for key in keys]
    access += [f"({value}).a" for value in VALUES]
    access += [f"({value})[*]" for value in VALUES]
    access += [f"({value})[*].a" for value in VALUES]
    access += [f"({value}).*.a" for value in VALUES]
    access += [f"[for x in {value} : x]" for value in VALUES]
    access += [f"[for k, v in {value} : k]" for value in VALUES]
    access += [f"{{for k, v in {value} : k => v}}" for value in VALUES]
    templates = [f'"<${{{value}}}>"' for value in VALUES]
    templates += [f'"${{{value}}}"' for value in VALUES]
    templates += [f'"%{{if {value}}}yes%{{else}}no%{{endif}}"' for value in VALUES]
    templates += [f'"%{{for x in {value}}}<${{x}}>%{{endfor}}"' for value in VALUES]
    return {
        "table-operators.txt": operators,
        "table-equality.txt": equality,
        "table-conditionals.txt": conditionals,
        "table-unions.txt": unions,
        "table-conversions.txt": conversions,
        "table-access.txt": access,
        "table-templates.txt": templates,
    }


def encode(text):
    return text.replace("\n", "␤").replace("\r", "␍").replace("\t", "␉")


def decode(text):
    return text.replace("␤", "\n").replace("␍", "\r").replace("␉", "\t")


def console(directory, line):
    """What the console prints for a line, and the summary of its error if it gives one."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("TF_")
    }
    environment.update(CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE=str(directory / "rc"))
    done = subprocess.run(
        ["terraform", "console"], input=f"{line}\n".encode(), cwd=directory, env=environment, capture_output=True,
        timeout=120,
    )
    told = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr.decode())
    if done.returncode != 0 or "Error: " in told:
        found = re.search(r"Error: (.*)", told)
        return None, found.group(1).strip() if found else told.strip()[:80]
    printed = re.sub(r"^Acquiring state lock\..*\n", "", done.stdout.decode())
    return printed.removesuffix("\n"), None


def record(expression):
    """The line of the corpus for an expression."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        (directory / "rc").touch()
        shutil.copy(HERE / "scope.hcl", directory / "scope.tf")
        shutil.copytree(HERE / "files", directory / "files")
        text = expression
        # Nor can a comment stand before the bracket that closes `type(`.
        if any(sign in expression for sign in ("\n", "#", "//")):
            (directory / "line.tf").write_text(f"locals {{\n  asked = (\n{expression}\n)\n}}\n", newline="")
            text = "local.asked"
        value, error = console(directory, text)
        if value is None:
            return [expression, "ERROR", error]
        kind, error = console(directory, f"type({text})")
        return [expression, value, kind if kind is not None else f"ERROR {error}"]


def rewrite(path, lines, only_new):
    def answer(line):
        cells = line.split("\t")
        if not line.strip() or line.startswith("#") or (only_new and len(cells) == 3):
            return line
        return "\t".join(map(encode, record(decode(cells[0]))))

    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(answer, lines))
    path.write_text("".join(line + "\n" for line in answers))
    print(f"{path.name}: {sum(1 for line in answers if line.count(chr(9)) == 2)} expressions")


def main():
    arguments = sys.argv[1:]
    only_new = "--new" in arguments
    names = [argument for argument in arguments if argument != "--new"]
    if shutil.which("terraform") is None:
        sys.exit(f"terraform {VERSION} is needed to record its answers")
    version = subprocess.run(["terraform", "version"], capture_output=True, text=True).stdout
    if f"v{VERSION}" not in version:
        sys.exit(f"the answers are those of terraform {VERSION}")
    made = tables()
    for path in sorted({HERE / name for name in made} | set(HERE.glob("*.txt"))):
        if names and path.name not in names:
            continue
        old = path.read_text().splitlines() if path.exists() else []
        lines = old
        if path.name in made:
            known = {line.split("\t")[0]: line for line in old}
            lines = ["# A table that record.py makes."]
            lines += [known.get(encode(text), encode(text)) for text in dict.fromkeys(made[path.name])]
        rewrite(path, lines, only_new)


main()
