"""Runs comparable rules over the same events with Tripline, rsigma and the Python library `eql`, and compares their matches.

Usage: run.py TRIPLINE-BENCH RSIGMA-RIVAL|- RULES-FOLDER WORK-FOLDER

`cargo xtask bench rivals` builds what it needs and calls it.
"""

import collections
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def run(name, command, matches):
    try:
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"{name:<34} did not run: {error}")
        return None
    figures = json.loads(done.stdout)
    found = collections.Counter(line for line in matches.read_text().splitlines())
    return name, figures, set(found)


def main():
    bench, rsigma, rules, work = sys.argv[1:5]
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, HERE / "translate.py", rules, work], check=True)
    events, few = work / "events.ndjson", work / "few.ndjson"
    # One in fifty, so that there are matches to compare.
    stream = subprocess.run([bench, "generate", "--events", "10000", "--suspicious-one-in", "50"], stdout=subprocess.PIPE, check=True)
    events.write_bytes(stream.stdout)
    few.write_bytes(b"".join(line + b"\n" for line in stream.stdout.splitlines()[:1000]))
    sigma, eql, out = work / "sigma", work / "eql", work / "matches"
    rows = []
    for engine in ("native", "wasm"):
        command = [bench, "run", "--engine", engine, "--rules", eql, "--events", events, "--matches", out]
        rows.append(run(f"Tripline {engine}", command, out))
    if rsigma != "-":
        for how in ("all", "routed", "bloom"):
            rows.append(run(f"rsigma 0.23.0, {how}", [rsigma, sigma, events, out, how], out))
    python = [sys.executable, HERE / "python_eql.py", eql, few, out]
    rows.append(run("Python eql 1.0.1 (1,000 events)", python, out))
    rows = [row for row in rows if row]
    native = rows[0]
    print(f"\n{'':<34} {'rules':>6} {'events/s':>10} {'parsed too':>10} {'native is':>10} {'matches':>8} {'missing':>8} {'more':>6}")
    for name, figures, found in rows:
        total = figures["parse_s"] + figures["evaluate_s"]
        rate, alone = figures["events"] / total, figures["events"] / figures["evaluate_s"]
        ours = native[1]["events"] / native[1]["evaluate_s"]
        same = {line for line in native[2] if int(line.split()[0]) < figures["events"]}
        print(
            f"{name:<34} {figures['rules']:>6} {alone:>10.0f} {rate:>10.0f} {ours / rate:>9.1f}x"
            f" {len(found):>8} {len(same - found):>8} {len(found - same):>6}"
        )
        if figures.get("failed"):
            print(f"    {figures['failed']} events broke off with an error: a field with several values")
        for title, difference in (("missing", same - found), ("more", found - same)):
            by_rule = collections.Counter(line.split()[1] for line in difference)
            for rule, count in by_rule.most_common(3):
                print(f"    {title}: {count} of rule {rule}")
    print("\nNative's times hold reading the JSON; `parsed too` adds it for the others, `native is` compares with that.")


main()
