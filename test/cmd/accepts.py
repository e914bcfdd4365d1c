"""accepts.py FORM FILE [SCHEMA]: whether other people's readers accept what was exported; a line says why not.

FORM is json (with its schema), csv, openmetrics or plain (Prometheus' own text).
"""

import csv
import json
import sys

import jsonschema
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics


def close(schema):
    """The schema allows names to be added; here each must stand in it."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            close(part)
    elif isinstance(schema, list):
        for part in schema:
            close(part)


def accept_json(text, schema_path):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    close(schema)
    checker = jsonschema.Draft202012Validator(schema)
    checker.check_schema(schema)
    wrong = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(json.loads(text))]
    assert not wrong, "\n".join(wrong[:5])


def accept_csv(text):
    rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    assert rows and all(rows[0]) and len(set(rows[0])) == len(rows[0]), "its first line"
    for number, row in enumerate(rows):
        assert len(row) == len(rows[0]), f"row {number} has {len(row)} cells"


def accept_metrics(text, families_of):
    seen = set()
    for family in families_of(text):
        assert family.documentation, f"{family.name} has no help"
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in seen, f"twice: {key}"
            seen.add(key)


def main():
    form, path = sys.argv[1:3]
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if form == "json":
        accept_json(text, sys.argv[3])
    elif form == "csv":
        accept_csv(text)
    elif form == "openmetrics":
        accept_metrics(text, openmetrics.text_string_to_metric_families)
    else:
        accept_metrics(text, parser.text_string_to_metric_families)


main()
