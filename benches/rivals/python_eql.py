"""Runs EQL rules over events with the Python library `eql`.

Usage: python_eql.py RULES-FOLDER EVENTS MATCHES

Writes a line `EVENT RULE` for each match, and prints one JSON document: rules, events, seconds for parsing and for evaluating.
"""

import json
import pathlib
import sys
import time
import tomllib

import eql
from eql.engine import PythonEngine


def output(rule, matches):
    """Notes the matches of a rule."""

    def pipe(found):
        for event in found if isinstance(found, (list, tuple)) else ():
            matches.append(f"{event.time} {rule}\n")

    return pipe


def plain(value):
    """The library knows no fields with several values: an array of one becomes its element, others a tuple, which it can compare."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return plain(value[0]) if len(value) == 1 else tuple(plain(item) for item in value)
    return value


def main():
    folder, events, out = (pathlib.Path(arg) for arg in sys.argv[1:4])
    matches, left_out = [], 0
    engine = PythonEngine()
    rules = 0
    for path in sorted(folder.glob("*.toml")):
        query = tomllib.loads(path.read_text())["rule"]["query"]
        try:
            with eql.parser.elasticsearch_syntax, eql.parser.ignore_missing_functions:
                parsed = engine.preprocessor.expand(eql.parse_query(query))
            # add_query knows no output of its own for each query.
            engine._convert_piped_query(parsed, output_pipe=output(path.stem, matches))
            rules += 1
        except eql.EqlError:
            left_out += 1
    lines = events.read_bytes().splitlines()
    started = time.perf_counter()
    documents = [json.loads(line) for line in lines]
    parsing = time.perf_counter() - started
    wrapped = []
    for number, document in enumerate(documents):
        document = plain(document)
        wrapped.append(eql.Event(document["event"]["category"], number, document))
    started = time.perf_counter()
    failed = 0
    for event in wrapped:
        try:
            engine.stream_event(event)
        except (TypeError, AttributeError):
            failed += 1
    evaluating = time.perf_counter() - started
    out.write_text("".join(matches))
    print(json.dumps({"rules": rules, "left_out": left_out, "events": len(lines), "parse_s": parsing, "evaluate_s": evaluating, "failed": failed}))


main()
