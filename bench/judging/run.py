#!/usr/bin/env python3
"""How long does one judgement take from nothing, and how long does planning many?

`tipstaff x classify` of one mail is run 20 times, in turns with `python3 -c pass`, so that a busy machine slows both;
the ratio of the medians is the result. Then `plan_import` plans 1,000 drawn reports against 5,000 trackers.
"""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

MAIL = """\
From: Ann Alder <ann@lab.example>
To: security@widget.example
Date: Mon, 16 Nov 2026 10:00:00 +0000
Message-ID: <one@lab.example>
Subject: SQL injection in the search API

Hello security team,

I found an SQL injection in api/search.py: the value of `order` goes into the query unescaped.

Steps to reproduce:
1. Log in as a user.
2. curl 'https://host/api/search?order=x'
3. Look at the answer.

An attacker can read the whole database. Affected versions: 3.0.0 to 3.1.2

Best regards
Ann
"""


def once(command):
    """Wall and processor seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--runs", type=int, default=20)
    args.add_argument("--binary", type=pathlib.Path, help="a release build of tipstaff; built when not given")
    args.add_argument("--no-plan", action="store_true", help="the start-up alone")
    args = args.parse_args()
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    binary = args.binary
    if binary is None:
        subprocess.run(["cargo", "build", "--release", "--locked", "-p", "tipstaff"], cwd=ROOT, check=True)
        binary = target / "tipstaff"
    with tempfile.TemporaryDirectory() as temp:
        mail = pathlib.Path(temp) / "one.eml"
        mail.write_text(MAIL)
        ours, peer = [], []
        for _ in range(args.runs):
            ours.append(once([binary.absolute(), "x", "classify", mail]))
            peer.append(once([sys.executable, "-c", "pass"]))
    for what, i in (("wall", 0), ("processor", 1)):
        a, b = (statistics.median(r[i] for r in runs) for runs in (ours, peer))
        least = min(r[i] for r in ours)
        print(f"x classify: {a * 1000:.0f} ms {what} (least {least * 1000:.0f}), {a / b:.1f} times `python3 -c pass`")
    if not args.no_plan:
        build = ["cargo", "run", "--quiet", "--release", "--locked", "-p", "desk", "--example", "plan_import"]
        subprocess.run(build, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
