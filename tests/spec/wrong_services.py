"""Wrong probes, images, names and addresses."""

from __future__ import annotations

from tests.spec.wrong_case import DEV, IMAGE, MARKER, REMOVE, SECURE, Case, O, service, stack

HEALTH = [
    service("health-missing", "health", "required", "readiness", {"health": REMOVE}, line="hello"),
    service(
        "readiness-missing", "health.readiness", "required", "/readyz", {"health": {"liveness": {}}}, line="health"
    ),
    service(
        "readiness-without-path",
        "health.readiness.path",
        "a path must be given",
        "/readyz",
        {"health.readiness": {}},
        line="readiness",
    ),
    service(
        "probe-path-relative",
        "health.readiness.path",
        "begins with '/'",
        "/healthz",
        {"health.readiness.path": "ready"},
    ),
    service(
        "liveness-is-readiness",
        "health.liveness",
        "different things",
        "path of its own",
        {"health.liveness.path": "/readyz"},
    ),
    service(
        "probe-timeout-at-interval",
        "health.readiness.timeout",
        "timeout below interval",
        "below 15",
        {"health.readiness.timeout": 15},
    ),
    service(
        "probe-interval-below-timeout",
        "health.liveness.interval",
        "5 and 2",
        "below 2",
        {"health.liveness.interval": 2},
    ),
]

IMAGES = [
    service("build-and-image", "image", "exactly one of build and image", "remove build", {"image": IMAGE}),
    service("neither-build-nor-image", "", "exactly one of build", "add `build", {"build": REMOVE}),
    service("image-by-tag", "image", "by digest", "repository@sha256", {"build": REMOVE, "image": "hello:latest"}),
    service("digest-too-short", "image", "64 hex", "repository@", {"build": REMOVE, "image": "hello@sha256:12"}),
    service("context-missing", "build.context", "exists", "correct the path", {"build.context": "nowhere"}),
    service("context-outside", "build.context", "inside the project", "relative path", {"build.context": "../app"}),
    service("context-absolute", "build.context", "inside the project", "relative", {"build.context": "/srv/app"}),
    service(
        "dockerfile-missing", "build.dockerfile", "exists in app", "create it", {"build.dockerfile": "Dockerfile.x"}
    ),
    service(
        "platform-malformed",
        "build.platforms[0]",
        "linux/amd64",
        "linux/arm64",
        {"build.platforms": ["amd64"]},
        line="amd64",
    ),
    service(
        "secret-as-build-argument",
        "build.args.NPM_TOKEN",
        "image's history",
        "build.secrets",
        {"build.args.NPM_TOKEN": MARKER},
    ),
    stack(
        "promotion-by-tag",
        f"{O}.image",
        "a tag can change",
        "repository@sha256",
        {f"{O}.image": "hello:1.2"},
        stack="prod",
    ),
    service("sidecar-by-tag", "sidecars.proxy.image", "by digest", "digest up", {"sidecars.proxy.image": "envoy:1"}),
]

NAMES = [
    service(
        "secret-in-a-command",
        "args[0]",
        "no secret in a command",
        "$(NAME)",
        {"args": [f"--db-password={MARKER}"]},
        line="--db-password",
    ),
    service("secret-in-a-command-as-text", "command", "a list", "a list", {"command": f"run --token {MARKER}"}),
    service("reserved-port", "environment.PORT", "service's port", "rename", {"environment.PORT": "80"}),
    service(
        "reserved-prefix", "environment.KUBERNETES_HOST", "reserved", "rename", {"environment.KUBERNETES_HOST": "x"}
    ),
    service(
        "variable-with-dash",
        "environment.LOG-LEVEL",
        "letters, digits and '_'",
        "LOG_LEVEL",
        {"environment.LOG-LEVEL": "x"},
    ),
    service(
        "variable-and-secret",
        "secrets.LOG_LEVEL",
        "each name once",
        "remove it from environment",
        {"secrets.LOG_LEVEL.reference": "a/b"},
    ),
    service(
        "password-in-plain",
        "environment.DB_PASSWORD",
        "no secret in plain",
        "secrets",
        {"environment.DB_PASSWORD": MARKER},
    ),
    service(
        "password-in-a-url",
        "environment.DATABASE",
        "no secret in plain",
        "secrets",
        {"environment.DATABASE": f"postgres://u:{MARKER}@db/x"},
    ),
    service(
        "secret-not-set",
        "secrets.API_KEY.config",
        "set are: none",
        "pulumi config set --secret --path 'caas:secrets.apiKey' --stack dev",
        {"secrets.API_KEY.config": "apiKey"},
        line="config",
    ),
    service(
        "secret-given-as-value", "secrets.API_KEY", "config, reference", "{config: KEY}", {"secrets.API_KEY": MARKER}
    ),
    service("secret-from-nowhere", "secrets.API_KEY", "there is neither", "{config: KEY}", {"secrets.API_KEY": {}}),
    service(
        "secret-from-two-places",
        "secrets.API_KEY",
        "both are given",
        "{config: KEY}",
        {"secrets.API_KEY": {"config": "k", "reference": "a/b"}},
        settings={"secrets.k": {"secure": SECURE}},
        top={"encryptionsalt": "v1:other"},
        engine=False,
    ),
    service(
        "build-secret-not-set",
        "build.secrets.npm",
        "set are: none",
        "caas:secrets.npmToken",
        {"build.secrets.npm": "npmToken"},
    ),
    stack(
        "registry-password-in-plain",
        "registry.password",
        "never the password",
        "caas:secrets.registryPassword",
        {"registry.password": MARKER.replace("-", "")},
    ),
    service("label-malformed", 'labels["a b"]', "[prefix/]name", "example.org/", {"labels": {"a b": "x"}}, line="a b"),
    service(
        "label-of-the-platform",
        'labels["app.kubernetes.io/name"]',
        "a prefix other than",
        "your own",
        {"labels": {"app.kubernetes.io/name": "x"}},
        line="app.kubernetes.io",
    ),
    service("label-value-malformed", "labels.team", "at most 63", "shorten", {"labels": {"team": "a team"}}),
]

ADDRESSES = [
    service(
        "egress-to-a-name",
        "egress[0].cidr",
        "a range of addresses",
        "10.20.0.0/16",
        {"egress": [{"cidr": "db"}]},
        line="cidr",
    ),
    service(
        "egress-not-a-range",
        "egress[0].cidr",
        "prefix are zero",
        "/32",
        {"egress": [{"cidr": "10.20.0.7/16"}]},
        line="cidr",
    ),
    Case(
        "duplicate-host-and-path",
        "services.web.ingress.host",
        "hello answers at hello.example.org/",
        "another host",
        more={"web": {"ingress.host": "hello.example.org"}},
        line="host",
    ),
    Case(
        "duplicate-path",
        "services.web.ingress.path",
        "hello.example.org/api",
        "another host or path",
        service={"ingress.path": "/api"},
        more={"web": {"ingress.host": "hello.example.org", "ingress.path": "/api/"}},
        line="path",
    ),
    Case(
        "host-without-domain",
        "domain",
        "ingress without a host (hello)",
        "pulumi config set caas:domain",
        service={"ingress": {}},
        file=DEV,
    ),
    service(
        "host-with-scheme", "ingress.host", "without scheme", "hello.example.org", {"ingress.host": "https://x.org"}
    ),
    service("tls-off-in-prod", "ingress.tls", "only dev", "override for dev", {"ingress.tls": False}, stack="prod"),
    service("volume-at-root", "volumes.data.path", "not /, /dev", "/var/cache", {"volumes.data.path": "/"}),
    service("volume-below-proc", "volumes.data.path", "below the last three", "/var", {"volumes.data.path": "/proc/x"}),
    service(
        "volumes-at-one-path",
        "volumes.b.path",
        "volume a has this one",
        "another path",
        {"volumes": {"a": {"path": "/data"}, "b": {"path": "/data/"}}},
    ),
    service(
        "sidecar-named-as-service",
        "sidecars.hello",
        "other than the service's",
        "hello-helper",
        {"sidecars.hello.image": IMAGE},
    ),
    service(
        "sidecar-on-the-port",
        "sidecars.proxy.port",
        "the service listens on 8080",
        "another port",
        {"sidecars.proxy.image": IMAGE, "sidecars.proxy.port": 8080},
    ),
]
