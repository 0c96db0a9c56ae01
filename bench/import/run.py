#!/usr/bin/env python3
"""Import one generated mailing list with tipstaff, notmuch and mu, side by side, and print ratios.

tipstaff reads the mbox, the other two the same messages as a Maildir. Each starts from nothing, with the files in
the page cache and no dirty pages left of the one before; rounds alternate, and the median of each counts. Wall time
depends on the machine, so the ratios are the result. Memory is the largest resident set of the process. Needs
Debian's notmuch and maildir-utils (installed when missing and run as root) and a Rust toolchain.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def install():
    missing = [p for tool, p in (("notmuch", "notmuch"), ("mu", "maildir-utils")) if not shutil.which(tool)]
    if missing:
        print("installing", *missing, file=sys.stderr)
        subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=sys.stderr)
        subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=True, stdout=sys.stderr)


def measured(command, env, codes=(0,)):
    """Run a command; wall seconds, processor seconds, peak resident MiB, output."""
    with tempfile.TemporaryFile() as out:
        begin = time.monotonic()
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
    if child.returncode not in codes:
        sys.exit(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{text}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss / 1024, "out": text}


def fresh(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    # What the one before left to write must not be paid by the next.
    os.sync()
    return path


def env_of(home, **more):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **more}


def tipstaff(binary, data, work, messages):
    home = fresh(work / "tipstaff")
    env = env_of(home, TIPSTAFF_DESK=str(home / "desk"), USER="bench")
    command = [binary, "import", data / "list.mbox", "last", "14d"]
    # 3: there was nothing to decide, which is so for mail older than two weeks.
    first = measured(command, env, codes=(0, 3))
    if f"{messages} new" not in first["out"]:
        sys.exit("tipstaff did not remember every message:\n" + first["out"])
    again = [measured(command, env, codes=(0, 3)) for _ in range(5)]
    if "0 new" not in again[0]["out"]:
        sys.exit("the second import did something:\n" + again[0]["out"])
    first["again"] = statistics.median(a["wall"] for a in again)
    first["again_rss"] = max(a["rss"] for a in again)
    return first


def notmuch(data, work, messages):
    home = fresh(work / "notmuch")
    config = home / "config"
    config.write_text(
        f"[database]\npath={home / 'index'}\nmail_root={data / 'maildir'}\n"
        "[user]\nname=Bench\nprimary_email=bench@example.org\n[new]\ntags=new\n[maildir]\nsynchronize_flags=false\n"
    )
    (home / "index").mkdir()
    env = env_of(home, NOTMUCH_CONFIG=str(config))
    out = measured(["notmuch", "new", "--quiet", "--no-hooks"], env)
    count = subprocess.run(["notmuch", "count", "*"], env=env, check=True, capture_output=True, text=True).stdout
    if int(count) != messages:
        sys.exit(f"notmuch holds {count} messages")
    return out


def mu(data, work, messages):
    home = fresh(work / "mu")
    env = env_of(home)
    init = ["mu", "init", f"--muhome={home / 'index'}", f"--maildir={data / 'maildir'}"]
    subprocess.run(init, env=env, check=True, stdout=subprocess.DEVNULL)
    out = measured(["mu", "index", "--quiet", "--nocolor", f"--muhome={home / 'index'}"], env)
    find = ["mu", "find", f"--muhome={home / 'index'}", "--fields=i", ""]
    found = subprocess.run(find, env=env, check=True, capture_output=True, text=True).stdout.count("\n")
    if found != messages:
        sys.exit(f"mu holds {found} messages")
    return out


def size(path):
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / 2**20


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--messages", type=int, default=100_000)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--rounds", type=int, default=3)
    args.add_argument("--data", type=pathlib.Path, help="folder of an earlier generate.py run, used again")
    args.add_argument("--binary", type=pathlib.Path, help="a release build of tipstaff; built when not given")
    args = args.parse_args()

    install()
    binary = args.binary
    if binary is None:
        subprocess.run(["cargo", "build", "--release", "--locked", "-p", "tipstaff"], cwd=ROOT, check=True)
        binary = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "tipstaff"
    with tempfile.TemporaryDirectory(prefix="tipstaff-bench-") as temp:
        work = pathlib.Path(temp)
        data = args.data or work / "data"
        if not (data / "about.json").exists():
            seed = ["--messages", str(args.messages), "--seed", str(args.seed)]
            subprocess.run([sys.executable, HERE / "generate.py", data, *seed], check=True, stdout=sys.stderr)
        about = json.loads((data / "about.json").read_text())
        runs = {"tipstaff": [], "notmuch": [], "mu": []}
        for n in range(args.rounds):
            # Warm the page cache with both forms.
            for path in sorted(data.rglob("*")):
                if path.is_file():
                    with open(path, "rb") as f:
                        while f.read(1 << 20):
                            pass
            tools = {
                "tipstaff": lambda: tipstaff(binary.absolute(), data, work, about["messages"]),
                "notmuch": lambda: notmuch(data, work, about["messages"]),
                "mu": lambda: mu(data, work, about["messages"]),
            }
            for name, run in tools.items():
                runs[name].append(run())
                r = runs[name][-1]
                print(f"round {n + 1} {name}: {r['wall']:.1f} s, {r['cpu']:.1f} s cpu, {r['rss']:.0f} MiB", file=sys.stderr)
        report(about, runs, work)


def report(about, runs, work):
    mid = {
        name: {key: statistics.median(r[key] for r in rounds) for key in ("wall", "cpu", "rss")}
        for name, rounds in runs.items()
    }
    base = mid["tipstaff"]
    print(f"\n{about['messages']} messages, {about['bytes'] / 2**20:.0f} MiB", end="")
    print(f" (5 %: {about['size at 5 %']}, median {about['size at 50 %']}, 95 %: {about['size at 95 %']} bytes)")
    print("\n| | wall time | processor time | peak memory | on disk |\n|---|---:|---:|---:|---:|")
    for name, m in mid.items():
        disk = size(work / name)
        print(
            f"| {name} | {m['wall'] / base['wall']:.2f} | {m['cpu'] / base['cpu']:.2f} "
            f"| {m['rss']:.0f} MiB ({m['rss'] / base['rss']:.2f}) | {disk:.0f} MiB |"
        )
    ours = runs["tipstaff"]
    ratio = statistics.median(r["wall"] / r["again"] for r in ours)
    print(f"\nsecond import of the same file: {ratio:.0f} times faster, {max(r['again_rss'] for r in ours):.0f} MiB")


if __name__ == "__main__":
    main()
