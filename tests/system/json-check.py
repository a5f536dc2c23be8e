#!/usr/bin/python3
"""usage: json-check.py SCHEMAS FILE: exit 1 and a line for each way in which FILE is not what its schema says.

Stricter than a reader need be: a key that the schema does not tell of is one too."""

import json
import os
import sys

import jsonschema


def close(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def no_constant(text):
    raise ValueError(text + " is not JSON")


with open(sys.argv[2], "rb") as file:
    document = json.loads(file.read().decode("utf-8"), parse_constant=no_constant)
with open(os.path.join(sys.argv[1], document["schema"] + ".json"), encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
close(schema)
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
for error in errors:
    print("%s: %s: %s" % (document["schema"], "/".join(map(str, error.absolute_path)), error.message[:300]))
sys.exit(1 if errors else 0)
