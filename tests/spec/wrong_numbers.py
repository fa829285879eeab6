"""Misspelt keys, wrong units, impossible counts."""

from __future__ import annotations

from tests.spec.wrong_case import MARKER, REMOVE, Case, O, service, stack

SPELLING = [
    service("misspelt-required-key", "prot", "unknown key", "did you mean port", {"port": REMOVE, "prot": 8080}),
    service("misspelt-optional-key", "memroy", "unknown key", "did you mean memory", {"memroy": 256}),
    service("misspelt-nested-key", "health.livenes", "readiness, liveness", "mean liveness", {"health.livenes": {}}),
    service("snake-case-key", "rollout.stop_timeout", "unknown key", "stopTimeout", {"rollout.stop_timeout": 60}),
    service("key-of-another-tool", "env", "unknown key", "did you mean environment", {"env": {"A": "b"}}),
    service("key-one-level-too-high", "stopTimeout", "unknown key", "mean rollout.stopTimeout", {"stopTimeout": 60}),
    service("unknown-key-hides-its-value", "zzz", "unknown key", "remove it", {"zzz": MARKER}),
    service(
        "shortened-required-key",
        "scaling.min",
        "unknown key",
        "did you mean minimum",
        {"scaling.minimum": REMOVE, "scaling.min": 3},
    ),
    service("name-beside-the-key", "name", "no key of its own", "remove it", {"name": "hello"}),
    Case("service-name-upper-case", "services.Hello", "DNS label", "rename", name="Hello", line="Hello"),
    Case("service-name-too-long", f"services.{'a' * 41}", "at most 40", "shorten", name="a" * 41, line="aaa"),
    stack("unknown-stack-key", "logRetenton", "logRetention", "did you mean logRetention", {"logRetenton": 14}),
    stack("stack-key-that-may-not-differ", "port", "platform, tier, registry", "remove it", {"port": 1}),
    stack("misspelt-registry", "registy", "unknown key", "mean registry", {"registry": REMOVE, "registy": {}}),
    stack("services-in-the-stack", "services", "stated once", "overrides", {"services": {"a": {}}}),
]

UNITS = [
    service("memory-as-quantity", "memory", "(MiB)", "write 256", {"memory": "256Mi"}),
    service("memory-in-gibibytes", "memory", "(MiB)", "write 1024", {"memory": "1Gi"}),
    service("cpu-in-millicores", "cpu", "(vCPU)", "write 0.5", {"cpu": "500m"}),
    service("cpu-units-of-ecs", "cpu", "0.01 to 64", "64", {"cpu": 256}),
    service("cpu-not-a-number", "cpu", "(vCPU)", "a number", {"cpu": "plenty"}),
    service("percent-sign", "scaling.cpu", "(percent)", "write 70", {"scaling.cpu": "70%"}),
    service("percent-as-fraction", "scaling.cpu", "(percent)", "write 70", {"scaling.cpu": 0.7}),
    service("seconds-with-unit", "rollout.drain", "(seconds)", "write 30", {"rollout.drain": "30s"}),
    service("minutes", "rollout.progressDeadline", "(seconds)", "write 300", {"rollout.progressDeadline": "5m"}),
    service("port-as-text", "port", "1 to 65535", "write 8080", {"port": "8080"}),
    service("port-too-high", "port", "1 to 65535", "65535", {"port": 70000}),
    service("port-zero", "port", "1 to 65535", "write 1", {"port": 0}),
    service("port-a-fraction", "port", "a whole number", "write 80", {"port": 80.5}),
    service("port-without-value", "port", "1 to 65535", "give it a value", {"port": None}),
    service("memory-negative", "memory", "16 to", "16 MiB", {"memory": -1}),
    service("memory-impossible", "memory", "16 to 524288", "524288 MiB", {"memory": 10**30}),
    service("variable-a-number", "environment.LEVEL", "text", 'quotes: "3"', {"environment.LEVEL": 3}),
    service("variable-a-boolean", "environment.ON", "text", 'quotes: "true"', {"environment.ON": True}),
    service("variables-as-list", "environment", "not a list", "NAME: value", {"environment": [{"name": "A"}]}),
    service("command-as-text", "command", "a list", '["serve", "--fast"]', {"command": "serve --fast"}),
    service("build-as-text", "build", "context", "indent context", {"build": "./app"}),
    service("truth-as-text", "ingress.tls", "true or false", "write true", {"ingress.tls": "yes"}),
    service("strategy-unknown", "rollout.strategy", "rolling, blue-green", "one of", {"rollout.strategy": "fast"}),
    stack("retention-with-unit", "logRetention", "(days)", "write 14", {"logRetention": "14d"}),
    stack("platform-unknown", "platform", "kubernetes, aws-ecs", "one of", {"platform": "k8s"}),
    stack("tier-unknown", "tier", "dev, staging, prod", "one of", {"tier": "production"}),
]

COUNTS = [
    service("min-above-max", "scaling.minimum", "they are 9 and 6", "lower minimum to 6", {"scaling.minimum": 9}),
    stack("override-min-above-max", f"{O}.scaling.minimum", "9 and 6", "to 6", {f"{O}.scaling.minimum": 9}),
    stack("override-max-below-min", f"{O}.scaling.maximum", "3 and 1", "to 3", {f"{O}.scaling.maximum": 1}),
    service("replicas-and-scaling", "replicas", "exactly one", "remove replicas", {"replicas": 3}),
    service("neither-replicas-nor-scaling", "", "exactly one of replicas", "add `scaling", {"scaling": REMOVE}),
    service("scaling-minimum-zero", "scaling.minimum", "1 to 1000", "write 1", {"scaling.minimum": 0}),
    service("scaling-by-nothing", "scaling.cpu", "nothing ever scales", "70 percent", {"scaling.cpu": None}),
    service(
        "scaling-without-maximum",
        "scaling.maximum",
        "required",
        "maximum: 10",
        {"scaling.maximum": REMOVE},
        line="scaling",
    ),
    service(
        "schedule-where-there-is-no-clock",
        "scaling.schedules",
        "platform kubernetes does not offer",
        "scaling.minimum",
        {"scaling.schedules": [{"cron": "0 18 * *", "minimum": 5, "maximum": 2}]},
    ),
    service("surge-and-unavailable-zero", "rollout.maxSurge", "not both 0", "raise maxSurge", {"rollout.maxSurge": 0}),
    service("stop-before-drain", "rollout.stopTimeout", "30 + 5 = 35", "to 35", {"rollout.stopTimeout": 20}),
    service(
        "ready-after-deadline", "rollout.minReady", "below progressDeadline", "above 300", {"rollout.minReady": 300}
    ),
    service("start-after-deadline", "rollout.progressDeadline", "120 s", "to 120", {"rollout.progressDeadline": 60}),
    service(
        "replicas-below-prod",
        "replicas",
        "at least 3 in prod",
        "overrides.hello.replicas",
        {"scaling": REMOVE, "replicas": 1},
        stack="prod",
    ),
    stack(
        "scaling-below-staging",
        f"{O}.scaling.minimum",
        "at least 2 in staging",
        "to 2",
        {f"{O}.scaling.minimum": 1},
        stack="staging",
    ),
]
