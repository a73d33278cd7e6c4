#!/usr/bin/env python3
"""Writes docs/reference/*.md from the tables in the code, as the binary prints them (`moldau reference`). Called by ./x docs
after the build. The same binary always gives the same files.

usage: docs/generate.py [--binary PATH] [--check]     --check: writes nothing, exits with 1 if a file is not up to date"""
import argparse
import json
import os
import subprocess
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "docs", "reference")
COLUMNS_MAX = 150
NOTE = "Made by `./x docs` from {source}; do not edit.\n"


def cell(text):
    return str(text).replace("|", "\\|") if text != "" else ""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def wrapped(text):
    return textwrap.fill(text, COLUMNS_MAX, break_long_words=False, break_on_hyphens=False)


def code(text):
    return f"`{text}`" if text != "" else ""


def default_of(key):
    if key["default"] is None:
        return "required" if key["required"] else "unset"
    return code(key["default"]) if key["default"] != "" else "empty"


def settings(keys, of_topics):
    """The settings that have effect, by name, one paragraph each; then the names of the others."""
    effective = sorted((key for key in keys if key["effective"]), key=lambda key: key["name"])
    parts = []
    for key in effective:
        facts = [f"type {key['type']}", f"default {default_of(key)}"]
        if key["values"]:
            facts.append(f"values: {key['values']}")
        facts.append(f"importance {key['importance']}")
        if of_topics:
            facts.append(f"falls back to {code(key['server_name'])}" if key["server_name"] else "no broker setting")
        else:
            facts.append(f"update {key['update']}")
        if key["hidden"]:
            facts.append("not listed by DescribeConfigs")
        parts.append(f"### {key['name']}\n\n{wrapped(key['text'])}\n\n{wrapped('*' + '; '.join(facts) + '*')}\n")
    without = sorted(key["name"] for key in keys if not key["effective"])
    parts.append("### Accepted, checked and listed, but without effect in this version\n")
    parts.append(table(["setting"], [[code(name)] for name in without]))
    return "\n".join(parts)


def configuration(data):
    return ("# Configuration reference\n\n" + NOTE.format(source="the tables in `src/metadata/`") +
            "How settings are given, and which source wins: [the guide](../guide/configuration.md).\n\n"
            "## Topic settings\n\n" + settings(data["topic_settings"], True) +
            "\n## Broker settings\n\n"
            "*update*: `read-only` settings are read at start; the others can also stand in the metadata log.\n\n" +
            settings(data["broker_settings"], False))


def versions(low, high):
    return str(low) if low == high else f"{low}-{high}"


def apis(data):
    rows = []
    for api in data["apis"]:
        flexible = "never" if api["flexible_since"] > api["max"] else api["flexible_since"]
        advertised = "" if api["advertised_min"] == api["min"] else versions(api["advertised_min"], api["max"])
        rows.append([api["key"], api["name"], versions(api["min"], api["max"]), advertised, flexible, api["operations"]])
    features = [[code(f["name"]), versions(f["min"], f["max"]), f["served_max"] or "", f["formatted"] or ""]
                for f in data["features"]]
    return ("# Served APIs\n\n" +
            NOTE.format(source="`served.cc`, `handlers.cc`, `operations.cc` and `features.cc` (`src/wire`, `broker`, `api`, `metadata`)") +
            "\nA request of another API or version closes the connection, as in Kafka; ApiVersions is answered in version 0.\n"
            "*shown*: the versions that ApiVersions names, where they differ: librdkafka compresses only for brokers that claim Produce 0.\n"
            "*operations*: what an authorizer is asked; the one of this version allows everything.\n\n" +
            table(["key", "API", "versions", "shown", "flexible since", "operations"], rows) +
            "\n## Features\n\n*registered*: levels that this node claims to read. *shown*: the highest that clients are told of.\n"
            "*fresh folder*: the level that a new folder finalizes; kraft.version is not a record but part of the quorum's own state, there 1\n"
            "(0 with controller.quorum.voters).\n\n" +
            table(["feature", "registered", "shown", "fresh folder"], features))


def metrics(data):
    def rows(wanted):
        return sorted([code(m["name"]), m["kind"], ", ".join(code(label) for label in m["labels"].split(",") if label), m["text"]]
                      for m in data["metrics"] if wanted(m))

    head = ["metric", "kind", "labels", "meaning"]
    return ("# Metrics\n\n" + NOTE.format(source="`src/broker/metrics_table.cc`") +
            "\nServed as Prometheus text by `GET /metrics` of the admin endpoint (`--admin`, default 127.0.0.1:9644).\n"
            "What may be asked for, and the limit of series: [operations](../guide/operations.md#metrics). A series of an API, a group or an\n"
            "error is there once there was one.\n\n"
            "## Of the node, by API, group state or directory\n\n" +
            table(head, rows(lambda m: m["detail"] == "node")) +
            "\n## By topic and group\n\nNot with `?detail=node`.\n\n" +
            table(head, rows(lambda m: m["detail"] == "topic")) +
            "\n## By partition\n\nNot with `?detail=topic`, nor in `/public_metrics`.\n\n" +
            table(head, rows(lambda m: m["detail"] == "partition")))


def errors(data):
    rows = [[e["code"], e["name"], "yes" if e["retriable"] else "", e["text"]] for e in data["errors"]]
    return ("# Error codes\n\n" + NOTE.format(source="`src/wire/error_code.cc`") +
            "\nAll that the protocol knows; *retry*: a client may send the request again. This version does not answer with all of them.\n\n" +
            table(["code", "name", "retry", "meaning"], rows))


PAGES = {"configuration.md": configuration, "apis.md": apis, "metrics.md": metrics, "errors.md": errors}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "moldau"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    dump = subprocess.run([options.binary, "reference"], check=True, capture_output=True, text=True, timeout=30).stdout
    data = json.loads(dump)
    stale = []
    os.makedirs(FOLDER, exist_ok=True)
    for name, make in PAGES.items():
        path, text = os.path.join(FOLDER, name), make(data)
        old = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        if old == text:
            continue
        stale.append(name)
        if not options.check:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    for name in stale:
        print(f"docs/reference/{name} {'is not up to date: run ./x docs' if options.check else 'written'}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
