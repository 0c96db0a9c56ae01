"""Verdicts of the official CVE schema 5.1.1 on the records of a list, as a list of true and false.

The schema is the bundled one of the PyPI package cvelib, read as cvelib reads it: draft 7, no check of `format`.
"""

import glob
import json
import os
import sys

import cvelib
from jsonschema import Draft7Validator

folder = os.path.join(os.path.dirname(cvelib.__file__), "schemas")
(path,) = glob.glob(os.path.join(folder, "CVE_JSON_bundled_*.json"))
with open(path, encoding="utf-8") as f:
    validator = Draft7Validator(json.load(f))
with open(sys.argv[1], encoding="utf-8") as f:
    records = json.load(f)
json.dump({"schema": os.path.basename(path), "valid": [validator.is_valid(r) for r in records]}, sys.stdout)
