#!/usr/bin/env python3
"""How fast is `tipstaff cve check` beside other checkers of CVE records? All of them in one run, as ratios.

    bench/cve/run.py [--tipstaff target/release/tipstaff] [--rounds 5] [RECORDS…]

RECORDS are folders or files; without any, the published records in shared/data beside this folder or above are used.
Peers come from their registries into target/bench-cve: PyPI cvelib (with jsonschema, as it validates), and npm ajv with
the same official schema. What cannot be installed is left out and said so. Every number is CPU time (user and system), the
best of its rounds; the rounds of all peers alternate, so that a busy machine slows all of them.

Two measures: the whole process for one record, and the whole process for all of them. tipstaff also lints; the others
only hold the record against the schema. tipstaff runs on one core here (taskset), as the others do.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "bench-cve"

CVELIB = """
import json, sys
from cvelib.cve_api import CveRecord
for path in sys.argv[1:] or sys.stdin.read().split("\\n"):
    if path:
        try:
            CveRecord.validate(json.load(open(path)), schema_path=CveRecord.Schemas.V5_SCHEMA)
        except Exception:
            pass
"""
JSONSCHEMA = """
import glob, json, os, sys, cvelib
from jsonschema import Draft7Validator
(schema,) = glob.glob(os.path.join(os.path.dirname(cvelib.__file__), "schemas", "CVE_JSON_bundled_*.json"))
v = Draft7Validator(json.load(open(schema)))
for path in sys.argv[1:] or sys.stdin.read().split("\\n"):
    if path:
        v.is_valid(json.load(open(path)))
"""
AJV = """
const fs = require("fs"), Ajv = require("ajv");
const ajv = new Ajv({strict: false, validateFormats: false, allErrors: true, logger: false});
const v = ajv.compile(JSON.parse(fs.readFileSync(process.argv[2])));
const paths = process.argv.length > 3 ? process.argv.slice(3) : fs.readFileSync(0, "utf8").split("\\n");
for (const p of paths) if (p) v(JSON.parse(fs.readFileSync(p)));
"""


def sh(*words, **kw):
    return subprocess.run(words, check=True, capture_output=True, text=True, **kw)


def peers(work):
    """Name → command; records follow as arguments, or as lines of standard input."""
    out = {}
    TOOLS.mkdir(parents=True, exist_ok=True)
    python = TOOLS / "venv" / "bin" / "python3"
    try:
        if not python.exists():
            sh(sys.executable, "-m", "venv", TOOLS / "venv")
            sh(python, "-m", "pip", "install", "-q", "cvelib==1.8.0", "jsonschema>=4,<5")
        for name, code in [("jsonschema", JSONSCHEMA), ("cvelib", CVELIB)]:
            # A script named like the package would be imported in its place.
            script = work / f"run_{name}.py"
            script.write_text(code)
            out[name] = [str(python), str(script)]
        where = "import glob,os,cvelib;print(glob.glob(os.path.join(os.path.dirname(cvelib.__file__),'schemas','CVE_JSON_bundled_*.json'))[0])"
        schema = sh(python, "-c", where).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as e:
        print(f"without cvelib and jsonschema: {e}", file=sys.stderr)
        return out
    try:
        if not (TOOLS / "node_modules" / "ajv").exists():
            sh("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(TOOLS), "ajv@8")
        script = TOOLS / "run.js"
        script.write_text(AJV)
        out["ajv"] = ["node", str(script), schema]
    except (OSError, subprocess.CalledProcessError) as e:
        print(f"without ajv: {e}", file=sys.stderr)
    return out


def records(words, work):
    if not words:
        for a in [ROOT, *ROOT.parents]:
            archive = a / "shared" / "data" / "asf-records.tar.gz"
            if archive.exists():
                with tarfile.open(archive) as t:
                    t.extractall(work, filter="data")
                words = [str(work / "asf-records")]
                break
        else:
            sys.exit("no records: name a folder of CVE JSON files")
    out = []
    for w in words:
        p = pathlib.Path(w)
        out += sorted(p.rglob("CVE-*.json")) if p.is_dir() else [p]
    # A folder may hold other exports beside the records.
    return [str(p) for p in out if not p.name.endswith(".osv.json")]


def timed(command, paths, lines):
    """Seconds of CPU, of the process and what it starts; on a machine that does something else as well, the clock says little."""
    listed = tempfile.TemporaryFile("w+")
    listed.write("\n".join(paths))
    listed.seek(0)
    with open(os.devnull, "wb") as nothing:
        run = subprocess.Popen(command + ([] if lines else paths), stdin=listed, stdout=nothing, stderr=subprocess.PIPE)
        said = run.stderr.read()
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {run.returncode}: {said.decode(errors='replace')}")
    return used.ru_utime + used.ru_stime


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--tipstaff", default=str(ROOT / "target" / "release" / "tipstaff"))
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("records", nargs="*")
    a = args.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        others = peers(work)
        paths = records(a.records, work)
        one = [sorted(paths, key=os.path.getsize)[len(paths) // 2]]
        # Its own copy of the files, so that a folder holds records and nothing else; repeated to drown the start.
        many = work / "many"
        times = max(1, 20000 // len(paths))
        for t in range(times):
            (many / str(t)).mkdir(parents=True)
            for n, p in enumerate(paths):
                shutil.copyfile(p, many / str(t) / f"{n:06}.json")
        core = ["taskset", "-c", "0"] if shutil.which("taskset") else []
        tip = [*core, a.tipstaff, "cve", "check", "--json"]
        best = {}

        def note(key, seconds):
            best[key] = min(best.get(key, seconds), seconds)

        for _ in range(a.rounds):
            for _ in range(4):
                note(("tipstaff", "one"), timed(tip, one, False))
            note(("tipstaff", "all"), timed(tip, [str(many / "0")], False))
            note(("tipstaff", "many"), timed(tip, [str(many)], False))
            note(("schema only", "many"), timed([*tip, "--only", "schema"], [str(many)], False))
            for name, command in others.items():
                note((name, "one"), timed([*core, *command], one, False))
        for name, command in others.items():
            # Minutes long for some: once is enough beside a best of several.
            note((name, "all"), timed([*core, *command], paths, True))
        n = len(paths)
        print(f"{n} records, {sum(map(os.path.getsize, paths)) / n / 1000:.1f} kB each; CPU time, best of {a.rounds} rounds\n")
        print("| checker | one record, whole process | ratio | all records, whole process | records/s | ratio |")
        print("|---|---:|---:|---:|---:|---:|")
        for name in ["tipstaff", *others]:
            o, m = best[name, "one"], best[name, "all"]
            print(f"| {name} | {o * 1000:.1f} ms | {o / best['tipstaff', 'one']:.0f} | {m:.2f} s | {n / m:,.0f} | {m / best['tipstaff', 'all']:.0f} |")
        m, s = best["tipstaff", "many"], best["schema only", "many"]
        print(f"\n{n * times} records in one run: {n * times / m:,.0f} records/s with every rule, {n * times / s:,.0f} with those of the schema alone")
        print(json.dumps({f"{k[0]}/{k[1]}": round(v, 5) for k, v in best.items()}), file=sys.stderr)


if __name__ == "__main__":
    main()
