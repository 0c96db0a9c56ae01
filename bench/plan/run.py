#!/usr/bin/env python3
"""How long a sync plan takes with the facts in hand, beside the time that merely reading the same facts as JSON takes.

    cargo build --release -p desk --example plan_sync
    bench/plan/run.py [--binary target/release/examples/plan_sync]

Prints one line per size: trackers, items proposed, milliseconds (best of the rounds), microseconds a tracker, peak
memory of the process, and how many times longer `json.loads` of the same facts takes. Exits 1 when an aim is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Trackers, rounds, and the aim in milliseconds; 50,000 has to stay linear: at most twice the time a tracker of 5,000.
SIZES = [(200, 20, 5.0), (5_000, 5, 150.0), (50_000, 2, None)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/examples/plan_sync")
    args = parser.parse_args()
    if not args.binary.exists():
        sys.exit(f"{args.binary} is missing: cargo build --release -p desk --example plan_sync")
    missed = []
    each = {}
    print(f"{'trackers':>9} {'items':>8} {'ms':>10} {'us each':>8} {'peak':>12} {'json.loads ms':>14} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for size, rounds, aim in SIZES:
            facts = Path(folder) / f"{size}.json"
            out = subprocess.run(
                [args.binary, str(size), str(rounds), "--json", str(facts)], check=True, capture_output=True, text=True
            )
            got = json.loads(out.stdout)
            text = facts.read_text()
            start = time.perf_counter()
            json.loads(text)
            reading = (time.perf_counter() - start) * 1000
            took = got["milliseconds"]
            each[size] = took * 1000 / size
            print(
                f"{size:>9} {got['items']:>8} {took:>10.2f} {each[size]:>8.1f} {got['peak']:>12} "
                f"{reading:>14.2f} {reading / took:>6.2f}"
            )
            if aim is not None and took > aim:
                missed.append(f"{size} trackers took {took:.1f} ms, the aim is {aim:.0f} ms")
    if each[50_000] > 2 * each[5_000]:
        missed.append("50,000 trackers take more than linear time")
    for m in missed:
        print(m, file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
