#!/usr/bin/env python3
"""How many requests, points and seconds it takes to read the trackers of a repository, first and again.

Runs the release program against a forge of our own (`testkit`, example `forge`) that answers after 50 ms. The arithmetic
limit is what the host's documentation asks at least: one point for a hundred connections, and no page over a hundred.

    cargo build --release -p tipstaff && cargo build --release -p testkit --example forge
    python3 bench/sync/run.py
"""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "target/release/tipstaff"
FORGE = ROOT / "target/release/examples/forge"

CONFIG = """[project]
schema = 1
id = "bench"
name = "Bench"
extends = ["independent"]

[services]
github = "{url}"

[tracker]
forge = "github"
repo = "acme/security"
token = "env:BENCH_TOKEN"

[tracker.board]
enabled = true
url = "https://github.com/orgs/acme/projects/1"
"""


def stats(url):
    with urllib.request.urlopen(url + "/stats") as answer:
        return json.load(answer)


def run(trackers):
    forge = subprocess.Popen([FORGE, str(trackers), "50"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    url = forge.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as home:
        pathlib.Path(home, "tipstaff.toml").write_text(CONFIG.format(url=url))
        env = {"PATH": os.environ["PATH"], "HOME": home, "USER": "ada", "BENCH_TOKEN": "bench-token"}
        stats(url)
        # One connection for trackers and four for what belongs to each, by the hundred; and pages of the board.
        limit = -(-(2 + 4 * trackers) // 100) + -(-trackers // 100)
        for name, command in (("cold", "queue"), ("nothing changed", "queue"), ("sync all", "sync")):
            args = [BIN, command] + (["all", "--json"] if command == "sync" else ["--json"])
            begin = time.monotonic()
            subprocess.run(args, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
            wall = time.monotonic() - begin
            s = stats(url)
            print(f"{trackers:>6} trackers, {name:<16} {s['requests']:>4} requests  {s['points']:>4} points "
                  f"(limit {limit if name == 'cold' else '-'})  {s['changes']} changes  {wall:6.2f} s, "
                  f"{s['requests'] * 0.05:5.2f} s of it the line")
    forge.stdin.close()
    forge.wait()


if __name__ == "__main__":
    for count in (200, 2000):
        run(count)
