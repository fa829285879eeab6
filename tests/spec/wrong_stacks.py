"""Wrong stack files, overrides, secrets, and files that are no YAML."""

from __future__ import annotations

from components.spec.files import PUBLIC_SALT
from tests.spec.wrong_case import DEV, IMAGE, MARKER, PROD, REMOVE, SECURE, STAGING, Case, O, S, stack

ENVIRONMENTS = [
    Case("tier-not-known", "tier", "dev, staging, prod", "caas:tier dev --stack qa", stack="qa", file="Pulumi.qa.yaml"),
    Case(
        "owner-missing",
        "owner",
        "required in staging",
        "pulumi config set caas:owner",
        settings={"owner": REMOVE},
        stack="staging",
        file=STAGING,
    ),
    Case(
        "cost-centre-missing",
        "costCentre",
        "required in prod",
        "caas:costCentre",
        settings={"costCentre": REMOVE},
        stack="prod",
        file=PROD,
    ),
    stack("owner-with-space", "owner", "at most 63 letters", "payments-team", {"owner": "A Team"}),
    Case(
        "registry-missing", "registry", "required", "pulumi config set --path", settings={"registry": REMOVE}, file=DEV
    ),
    stack(
        "registry-with-scheme",
        "registry.address",
        "without a scheme",
        "registry.example.org",
        {"registry.address": "https://r.example.org"},
    ),
    stack("retention-zero", "logRetention", "1 to 3653", "1 days", {"logRetention": 0}),
    stack(
        "override-of-no-service",
        "overrides.helo",
        "a service of the project: hello",
        "mean hello",
        {"overrides.helo.cpu": 1},
    ),
    stack("override-of-a-fixed-field", f"{O}.port", "may change: cpu, memory", "one of the known", {f"{O}.port": 80}),
    stack(
        "override-of-a-new-variable",
        f"{O}.environment.LOG_LEVE",
        "LOG_LEVEL",
        "mean LOG_LEVEL",
        {f"{O}.environment.LOG_LEVE": "x"},
    ),
    stack(
        "override-replicas-of-a-scaling-one",
        f"{O}.replicas",
        "scales with load",
        "scaling.minimum",
        {f"{O}.replicas": 3},
    ),
    stack(
        "override-scaling-of-a-fixed-one",
        f"{O}.scaling",
        "fixed count",
        "override replicas",
        {f"{O}.scaling.minimum": 3},
        service={"scaling": REMOVE, "replicas": 3},
    ),
    stack(
        "override-host-of-an-internal-one",
        f"{O}.ingress",
        "internal",
        "remove it",
        {f"{O}.ingress.host": "a.b"},
        service={"ingress": REMOVE},
    ),
    stack("plain-secret", "secrets.apiKey", "plain and readable", "renew", {"secrets.apiKey": MARKER}),
    stack(
        "domain-encrypted",
        "domain",
        "below caas:secrets only",
        "caas:secrets.KEY",
        {"domain": {"secure": SECURE}},
        top={"encryptionsalt": "v1:other"},
        engine=False,
    ),
    Case(
        "secret-under-the-public-passphrase",
        "!encryptionsalt",
        "public",
        "change-secrets-provider passphrase",
        settings={"secrets.apiKey": {"secure": SECURE}},
        top={"encryptionsalt": PUBLIC_SALT},
        file=DEV,
        line="encryptionsalt",
    ),
]

FILES = [
    Case("no-services", "services", "one at the least", "Pulumi.yaml", project_text="name: caas\nruntime: python\n"),
    Case(
        "project-name-malformed",
        "!name",
        "DNS label",
        "rename",
        engine=False,
        line="name",
        project_text="name: My_Shop\nruntime: python\nconfig:\n  caas:services: {value: {a: "
        f'{{image: "{IMAGE}", port: 1, replicas: 1, health: {{readiness: {{path: /r}}}}}}}}}}\n',
    ),
    Case(
        "service-without-body",
        S,
        "a mapping with the keys",
        "indent",
        line="hello",
        project_text="name: caas\nruntime: python\nconfig:\n  caas:services:\n    value:\n      hello:\n",
    ),
    Case(
        "not-yaml",
        "",
        "valid YAML",
        "mend",
        line="b: 3",
        project_text="name: caas\nconfig:\n  a: [1, 2\n  b: 3\n",
        engine=False,
    ),
    Case(
        "key-twice",
        "!caas:domain",
        "each key once",
        "remove one",
        file=DEV,
        line="two.org",
        engine=False,
        stack_text="config:\n  caas:domain: one.org\n  caas:domain: two.org\n",
    ),
    Case(
        "tagged-value",
        "!caas:domain",
        "without tags",
        "remove the tag",
        file=DEV,
        line="domain",
        engine=False,
        stack_text="config:\n  caas:domain: !!python/name:os.system x\n",
    ),
    Case(
        "alias-in-itself",
        "!caas:overrides.a",
        "no alias inside",
        "write the values out",
        file=DEV,
        line="overrides",
        engine=False,
        stack_text="config:\n  caas:overrides: &x {a: *x}\n",
    ),
]
