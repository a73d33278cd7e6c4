#!/usr/bin/env python3
"""The command line end to end, as cli_test.py: quotas, users, elections, profiles, the cluster and its configuration."""
import json
import os
import re
import shutil
import sys
import tempfile

import cli_kit
from cli_kit import Run, bad, columns, equal, ok, topic

# --- quotas, users, elections ---


def test_quotas():
    client, user = topic("client"), topic("user")
    equal(ok("cluster", "quotas", "describe", "--name", f"client-id={client}").out, "no quotas matched to describe\n")
    run = ok("cluster", "quotas", "alter", "--add", "consumer_byte_rate=2000,producer_byte_rate=1000", "--name", f"client-id={client}")
    equal(columns(run), [{"ENTITY": f"client-id={client}", "STATUS": "OK"}], run)
    ok("cluster", "quotas", "alter", "--add", "request_percentage=10", "--name", f"client-id={client}", "--name", f"user={user}")
    run = ok("cluster", "quotas", "describe", "--name", f"client-id={client}", "--strict")
    equal(run.out, f"client-id={client}\n\tconsumer_byte_rate=2000\n\tproducer_byte_rate=1000\n", run)
    equal(len(json.loads(ok("cluster", "quotas", "describe", "--name", f"client-id={client}", "--format", "json").out)["quotas"]), 2)
    run = Run("cluster", "quotas", "alter", "--add", "no_such_rate=1", "--name", f"client-id={client}", "--dry")
    assert run.code == 1 and "INVALID_REQUEST" in run.out, run
    ok("cluster", "quotas", "alter", "--add", "producer_byte_rate=7", "--default", "client-id", "--dry")
    for words in (("alter", "--name", f"client-id={client}"), ("alter", "--add", "a=1"), ("alter", "--add", "a=x", "--name", "user=a"),
                  ("alter", "--add", "a=-1", "--name", "user=a"), ("alter", "--add", "a=1", "--name", "team=a"),
                  ("describe", "--name", "user"), ("describe", "--any", "team"), ("import",), ("import", "--from", "/no/such"),
                  ("import", "--from", "{")):
        bad("cluster", "quotas", *words)

    everything = ok("cluster", "quotas", "describe", "--format", "yaml").out
    equal(ok("cluster", "quotas", "import", "--from", "-", data=everything).out, "No changes detected from import\n")
    edited = everything.replace('"2000"', '"3000"')
    assert "--no-confirm" in Run("cluster", "quotas", "import", "--from", "-", data=edited).err
    run = ok("cluster", "quotas", "import", "--from", "-", "--no-confirm", data=edited)
    equal(columns(run)[0], {"ENTITY": f"client-id={client}", "QUOTA-TYPE": "consumer_byte_rate", "OLD-VALUE": "2000", "NEW-VALUE": "3000"}, run)
    assert "consumer_byte_rate=3000" in ok("cluster", "quotas", "describe", "--any", "client-id").out
    ok("cluster", "quotas", "import", "--no-confirm", "--from", '{"quotas": []}')
    equal(ok("cluster", "quotas", "describe").out, "no quotas matched to describe\n")


def test_users():
    user = topic("jan")
    equal(ok("security", "user", "create", user, "-p", "secret").out, f'Created user "{user}".\n')
    assert "already" in bad("security", "user", "create", user, "-p", "secret").err
    run = ok("security", "user", "create", user, "--mechanism", "scram-sha-512", "--iterations", "5000")
    assert re.fullmatch(r"[A-Za-z0-9]{30}", run.out.splitlines()[-1]), run
    assert user in ok("security", "user", "list").out.splitlines()[1:]
    assert user in json.loads(ok("security", "user", "ls", "--format", "json").out)
    run = ok("security", "user", "list", "--format", "wide")
    assert re.search(rf"\n{user} +SCRAM-SHA-256,SCRAM-SHA-512 +4096,5000\n", run.out), run
    assert "--mechanism" in bad("security", "user", "update", user, "--new-password", "x").err
    ok("security", "user", "update", user, "--new-password", "x", "--mechanism", "SCRAM-SHA-256", "--iterations", "8192")
    assert "8192,5000" in ok("security", "user", "list", "--format", "wide").out
    equal(ok("__complete", "--", "security", "user", "delete", user[:-1]).out, user + "\n")
    equal(json.loads(ok("security", "user", "delete", user, "--format", "json").out), {"user": user})
    for words in (("delete", user), ("update", user, "--new-password", "x"), ("update", user), ("create", user, "--mechanism", "PLAIN"),
                  ("create", user, "-p", ""), ("create", user, "--iterations", "1")):
        bad("security", "user", *words)


def test_elections():
    name = topic("elect")
    ok("topic", "create", name, "-p", "2")
    run = ok("cluster", "partitions", "elect-leaders", name, "-p", "1")
    equal(run.out.splitlines()[1].split(None, 2), [name, "1", "NOT NEEDED"], run)
    equal(len(json.loads(ok("cluster", "partitions", "elect-leaders", name, "--format", "json").out)), 2)
    equal(ok("cluster", "partitions", "elect-leaders", "--all").out, "No partition needs an election.\n")
    run = Run("cluster", "partitions", "elect-leaders", name, "-p", "9")
    assert run.code == 1 and "UNKNOWN_TOPIC_OR_PARTITION" in run.out, run
    bad("cluster", "partitions", "elect-leaders")
    bad("cluster", "partitions", "elect-leaders", "--all", name)
    bad("cluster", "partitions", "elect-leaders", topic("nothing"))
    assert "--no-confirm" in bad("cluster", "partitions", "elect-leaders", name, "--unclean").err


# --- profiles ---


def test_profiles():
    folder = tempfile.mkdtemp(prefix="moldau-cli-")
    try:
        file = os.path.join(folder, "new", "profiles.yaml")

        def profile(*words, **options):
            return ok("profile", *words, "--config", file, **options)

        unset = {"MOLDAU_BROKERS": ""}
        equal(profile("create", "here", "-d", "a text", "-s", f"brokers={cli_kit.brokers}").out, 'Created and switched to new profile "here".\n')
        equal(os.stat(file).st_mode & 0o777, 0o600)
        profile("create", "there", "--from-profile", "here", "--set", "kafka_api.brokers=127.0.0.1:1")
        run = profile("list")
        equal(columns(run), [{"NAME": "here", "DESCRIPTION": "a"}, {"NAME": "there*", "DESCRIPTION": "a"}], run)
        # The selected one counts; the environment, -X and flags win over it.
        assert "127.0.0.1:1" in bad("topic", "list", "--config", file, environment=unset).err
        ok("topic", "list", "--config", file)
        ok("topic", "list", "--config", file, "--profile", "here", environment=unset)
        ok("topic", "list", environment={**unset, "MOLDAU_CONFIG": file, "MOLDAU_PROFILE": "here"})
        equal(profile("use", "here").out, 'Set current profile to "here".\n')
        ok("topic", "list", "--config", file, environment=unset)
        equal(profile("current").out, "here\n")
        equal(profile("current", "-n", "--profile", "there").out, "there")
        equal(profile("rename-to", "home").out, 'Renamed current profile to "home".\n')
        profile("set", "prompt", 'bold "[%n]"')
        equal(profile("prompt").out, "\x1b[1m[home]\x1b[0m")
        profile("set", "prompt=pink")
        equal(profile("prompt").out, "")
        bad("profile", "prompt", "--validate", "--config", file)
        profile("set-globals", "dial_timeout=9s", "globals.retry_timeout=1m")
        equal(profile("print-globals").out, 'dial_timeout: "9s"\nretry_timeout: "1m"\n')
        run = profile("print", "-v", "-X", "globals.fetch_max_wait=1s")
        assert re.search(r"\nbrokers +\S+ +MOLDAU_BROKERS\n", run.out) and "9s" in run.out and "-X globals.fetch_max_wait" in run.out, run

        def editor(script):
            return {"EDITOR": f"sed -i {script}", "VISUAL": ""}

        equal(profile("edit", environment=editor("s/xyz/abc/")).out, "No changes were made.\n")
        equal(profile("edit", environment=editor("s/pink/bold/")).out, 'Profile "home" updated successfully.\n')
        equal(profile("prompt").out, "\x1b[1mhome\x1b[0m")
        run = bad("profile", "edit", "--config", file, environment=editor("s/brokers:/brokrs:/"))
        assert "did you mean kafka_api.brokers?; nothing was changed" in run.err, run
        os.unlink(run.err.split()[-1])
        bad("profile", "edit", "--config", file, environment={"EDITOR": "false", "VISUAL": ""})
        profile("edit", "fresh", environment=editor("'$a description: of an editor'"))
        equal(json.loads(profile("list", "--format", "json").out)[0], {"name": "fresh", "description": "of an editor", "current": True})
        equal(profile("delete", "fresh").out.splitlines()[0], 'Deleted profile "fresh".')
        equal(profile("current").out, "\n")
        profile("use", "home")
        profile("clear")
        for words in (("use", "x"), ("delete", "x"), ("print", "x"), ("set", "brokers=a"), ("create", "a b"), ("create", "home"),
                      ("create", "z", "-s", "brokers"), ("create", "z", "--from-profile", "/no/such"), ("rename-to", "z")):
            bad("profile", *words, "--config", file)
        equal(ok("__complete", "--config", file, "--", "profile", "use", "ho").out, "home\n")
        with open(file, "a", encoding="utf-8") as broken:
            broken.write("nonsense\n")
        assert "line" in bad("topic", "list", "--config", file).err
        ok("cluster", "info", "--config", file, "--help")
    finally:
        shutil.rmtree(folder)


# --- cluster ---


def test_cluster():
    ok("topic", "create", topic("cluster"))
    run = ok("cluster", "info")
    assert re.match(r"CLUSTER\n=======\n\S+\n\nBROKERS\n=======\nID +HOST +PORT\n\d+\* +\S+ +\d+\n\nTOPICS\n======\nNAME ", run.out), run
    run = ok("cluster", "info", "-b")
    assert re.fullmatch(r"ID +HOST +PORT\n\d+\* +\S+ +\d+\n", run.out), run
    info = json.loads(ok("cluster", "metadata", "--format", "json").out)
    equal(sorted(info), ["brokers", "cluster", "topics"])
    run = ok("cluster", "health")
    assert run.out.startswith("CLUSTER HEALTH OVERVIEW\n=======================\nHealthy:                          true\n"), run
    health = json.loads(ok("cluster", "health", "--format", "json").out)
    assert health["is_healthy"] and health["nodes_down"] == [], health
    ok("cluster", "health", "-e")


def test_cluster_config():
    key = "log.retention.ms"
    run = ok("cluster", "config", "list", "--filter", r"log\.retention\..*s")
    equal(run.out.splitlines()[0].split(), ["KEY", "VALUE", "SOURCE"], run)
    assert key in run.out and "num.partitions" not in run.out, run
    ok("cluster", "config", "set", key, "3600000")
    equal(ok("cluster", "config", "get", key).out, "3600000\n")
    assert f'{key}: "3600000"\n' in ok("cluster", "config", "export").out
    folder = tempfile.mkdtemp(prefix="moldau-cli-")
    try:
        file = os.path.join(folder, "config.yaml")
        ok("cluster", "config", "export", "-f", file)
        equal(ok("cluster", "config", "import", "-f", file).out, "No changes were made.\n")
        with open(file, encoding="utf-8") as exported:
            edited = exported.read().replace("3600000", "7200000")
        ok("cluster", "config", "import", "-f", "-", data=edited)
        equal(ok("cluster", "config", "get", key).out, "7200000\n")
        assert "line 1" in bad("cluster", "config", "import", "-f", "-", data="- a\n").err
    finally:
        shutil.rmtree(folder)
    run = ok("cluster", "config", "status")
    assert re.fullmatch(r"NODE +IN-EFFECT +OVERRIDDEN +PENDING +UNKNOWN\n(\d+ +1 +\[\] +\[\] +\[\]\n)+", run.out), run
    equal(json.loads(ok("cluster", "config", "status", "--format", "json").out)[0]["in_effect"], [key])
    editor = {"EDITOR": "sed -i s/7200000/9000000/", "VISUAL": ""}
    equal(ok("cluster", "config", "edit", environment=editor).out, "Successfully updated configuration: 1 property.\n")
    equal(ok("cluster", "config", "get", key).out, "9000000\n")
    equal(ok("cluster", "config", "edit", environment=editor).out, "No changes were made.\n")
    run = bad("cluster", "config", "edit", environment={"EDITOR": "sed -i s/9000000/x/", "VISUAL": ""})
    assert "INVALID_REQUEST" in run.err or "INVALID_CONFIG" in run.err, run
    os.unlink(run.err.split()[-1])
    equal(ok("cluster", "config", "lint", "-f", "-", data=f"{key}: 1000\n").out, "-: 1 setting, nothing is wrong with them\n")
    run = Run("cluster", "config", "lint", "-f", "-", data=f"{key}: x\nlog.retention.msec: 1\nnode.id: 7\n")
    equal((run.code, len(run.out.splitlines())), (1, 3), run)
    assert "did you mean log.retention.ms?" in run.out and "cannot change while brokers run" in run.out, run
    equal(ok("cluster", "config", "get", key).out, "9000000\n")
    ok("cluster", "config", "set", f"{key}=")
    equal(ok("cluster", "config", "get", key).out, "\n")
    bad("cluster", "config", "set", f"{key}=x")
    bad("cluster", "config", "set", "node.id=7")
    bad("cluster", "config", "set", "novalue")
    bad("cluster", "config", "get", "no.such.key")
    bad("cluster", "config", "list", "--node-id", "99")


def test_logdirs_and_partitions():
    name = topic("dirs")
    ok("topic", "create", name, "-p", "2")
    ok("topic", "produce", name, "-p", "1", "-z", "none", "-o", "", data="x" * 1000 + "\n")
    run = ok("cluster", "logdirs", "describe", "--topics", name, "--sort-by-size")
    equal(run.out.splitlines()[0].split(), ["BROKER", "DIR", "TOPIC", "PARTITION", "SIZE"], run)
    rows = columns(run)
    equal([(row["TOPIC"], row["PARTITION"]) for row in rows], [(name, "1"), (name, "0")], run)
    assert int(rows[0]["SIZE"]) > 1000 and rows[1]["SIZE"] == "0", run
    run = ok("cluster", "logdirs", "describe", "--topics", name, "--aggregate-into", "topic", "-H")
    assert re.search(rf" {name} +1\.\d+kB\n", run.out), run
    bad("cluster", "logdirs", "describe", "-b", "99")
    run = ok("cluster", "partitions", "list", name, "-p", "1")
    equal([(row["TOPIC"], row["PARTITION"], row["DISABLED"]) for row in columns(run)], [(name, "1", "-")], run)
    equal(len(json.loads(ok("cluster", "partitions", "list", name, "--format", "json").out)), 2)
    bad("cluster", "partitions", "list")
    bad("cluster", "partitions", "list", topic("nothing"))


if __name__ == "__main__":
    sys.exit(cli_kit.main(__doc__, globals()))
