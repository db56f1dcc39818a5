"""Turns Elastic's EQL rules that are plain conditions on one event into Sigma rules with the same conditions.

Usage: translate.py RULES-FOLDER OUT-FOLDER [COUNT]

A rule is taken if it is about processes or files of one operating system and has nothing in it but and, or, not, ==, in, like and `:`
on strings: then each comparison becomes a Sigma selection of its own and the condition has the same shape. What differs between
the languages otherwise (functions, regular expressions, fields compared with fields, sequences) is left out. Writes OUT/eql/ID.toml,
the rule file itself, and OUT/sigma/ID.yml.
"""

import json
import pathlib
import re
import shutil
import sys
import tomllib

import eql
from eql import ast


class Unfit(Exception):
    """There is no plain translation."""


def escape(text, wildcards):
    """Sigma has wildcards in every string, and a backslash before one makes it a character."""
    text = text.replace("\\", "\\\\")
    return text if wildcards else re.sub(r"([*?])", r"\\\1", text)


def field_of(node):
    if not isinstance(node, ast.Field) or any(not isinstance(part, str) for part in node.path):
        raise Unfit("not a plain field")
    return ".".join([node.base, *node.path])


def string_of(node):
    if not isinstance(node, ast.String):
        raise Unfit("not a string")
    return node.value


class Translation:
    def __init__(self):
        self.selections = {}

    def selection(self, field, values, cased):
        name = f"s{len(self.selections)}"
        self.selections[name] = {field + ("|cased" if cased else ""): values}
        return name

    def condition(self, node):
        if isinstance(node, (ast.And, ast.Or)):
            word = " and " if isinstance(node, ast.And) else " or "
            return "(" + word.join(self.condition(term) for term in node.terms) + ")"
        if isinstance(node, ast.Not):
            return f"not {self.condition(node.term)}"
        if isinstance(node, ast.Comparison) and node.comparator == "==":
            value = escape(string_of(node.right), False)
            return self.selection(field_of(node.left), [value], True)
        if isinstance(node, ast.InSet):
            values = [escape(string_of(item), False) for item in node.container]
            return self.selection(field_of(node.expression), values, True)
        if isinstance(node, ast.FunctionCall) and node.name in ("wildcard", "like"):
            field, *patterns = node.arguments
            values = [escape(string_of(pattern), True) for pattern in patterns]
            return self.selection(field_of(field), values, False)
        raise Unfit(f"{type(node).__name__} {getattr(node, 'name', '')}")


def translate(rule):
    with eql.parser.elasticsearch_syntax, eql.parser.ignore_missing_functions:
        query = eql.parse_query(rule["query"], implied_any=False)
    if not isinstance(query.first, ast.EventQuery) or len(query.commands if hasattr(query, "commands") else []) > 0:
        raise Unfit("not an event query")
    event = query.first
    if event.event_type not in ("process", "file"):
        raise Unfit(event.event_type)
    systems = set(re.findall(r'host\.os\.type\s*(?:==|:)\s*"(\w+)"', rule["query"]))
    if len(systems) != 1 or not systems <= {"linux", "windows"}:
        raise Unfit("operating system")
    made = Translation()
    category = made.selection("event.category", [event.event_type], True)
    condition = f"{category} and {made.condition(event.query)}"
    return {
        "title": rule["name"],
        "id": rule["rule_id"],
        "logsource": {"product": systems.pop(), "category": event.event_type},
        "detection": {**made.selections, "condition": condition},
        "level": "medium",
    }


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    for kind in ("eql", "sigma"):
        shutil.rmtree(out / kind, ignore_errors=True)
        (out / kind).mkdir(parents=True)
    fit, why = [], {}
    for path in sorted(folder.rglob("*.toml")):
        rule = tomllib.loads(path.read_text()).get("rule", {})
        if rule.get("language") != "eql":
            continue
        try:
            fit.append((path, rule, translate(rule)))
        except (Unfit, eql.EqlError) as error:
            reason = str(error).split("\n")[0]
            why[reason] = why.get(reason, 0) + 1
    # Spread over the set, which is sorted by folder and tactic.
    taken = [fit[n * len(fit) // min(most, len(fit))] for n in range(min(most, len(fit)))]
    for path, rule, sigma in taken:
        shutil.copyfile(path, out / "eql" / f"{rule['rule_id']}.toml")
        # JSON is YAML.
        (out / "sigma" / f"{rule['rule_id']}.yml").write_text(json.dumps(sigma, indent=1))
    print(f"{len(fit)} rules translate, {len(taken)} taken; {sum(why.values())} do not", file=sys.stderr)
    for reason, count in sorted(why.items(), key=lambda pair: -pair[1])[:8]:
        print(f"  {count:4} {reason}", file=sys.stderr)


main()
