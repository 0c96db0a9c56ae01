"""Every OSV document of a folder against the official schema; a broken one must be refused."""

import json
import pathlib
import sys

import jsonschema

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
checker = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
seen = 0
for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    document = json.loads(path.read_text())
    errors = [e.message for e in checker.iter_errors(document)]
    if errors:
        sys.exit(f"{path.name} {document.get('id')}: {errors[0][:300]}")
    seen += 1
broken = dict(document, affected=[{"ranges": [{"type": "SEMVER", "events": []}]}])
if checker.is_valid(broken):
    sys.exit("the schema takes a range without events: it judges nothing")
print(f"{seen} documents, the broken one refused")
