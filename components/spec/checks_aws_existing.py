"""Rules of the platform aws-ecs about what exists already and is named, and about what protects an environment.

Pure generators of findings; ``checks_aws.py`` asks them.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.spec.aws import Aws, ExistingNetwork
from components.spec.environment import Registry
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.merge import Placed

MOST_NAMES = 10
"""Host names on one certificate: the quota that AWS Certificate Manager begins with."""

LONGEST_NAME = 64
"""Characters of a certificate's first name."""

BESIDE = {"id": ("privateSubnets", "publicSubnets"), "tags": ("privateTags", "publicTags")}
"""Way to a network -> what has to stand beside it."""


def network(vpc: ExistingNetwork) -> Iterator[Finding]:
    """A network is named in exactly one way, and completely."""
    given = [way for way, used in (("id", vpc.id), ("tags", vpc.tags), ("terraform", vpc.terraform)) if used]
    if len(given) != 1:
        limit = "exactly one of id, tags and terraform"
        value = "is given" if not given else f"are {' and '.join(given)}"
        remedy = "add one of them" if not given else f"keep one of {' and '.join(given)}"
        yield Finding(("aws", "vpc"), Shown.HIDDEN, f"{limit}; there {'none ' if not given else ''}{value}", remedy)
        return
    way = given[0]
    stands = {
        "privateSubnets": vpc.private_subnets,
        "publicSubnets": vpc.public_subnets,
        "privateTags": vpc.private_tags,
        "publicTags": vpc.public_tags,
    }
    for other, keys in BESIDE.items():
        for key in keys:
            if other != way and stands[key]:
                yield Finding(("aws", "vpc", key), Shown.HIDDEN, f"{key} only beside {other}", f"remove {key}")
    if way == "tags":
        for key in BESIDE["tags"]:
            if not stands[key]:
                limit = f"{key} beside tags: they find one subnet in each zone"
                yield Finding(("aws", "vpc", "tags"), Shown.HIDDEN, limit, f"add {key}, such as {{tier: private}}")
        if vpc.private_tags and vpc.private_tags == vpc.public_tags:
            limit = "tags that the public subnets have not"
            yield Finding(("aws", "vpc", "privateTags"), Shown.HIDDEN, limit, "name the tag that tells them apart")


def subnets(vpc: ExistingNetwork) -> Iterator[Finding]:
    """Private and public ones, each kind in 2 or 3 zones."""
    for key, named_ones in (("privateSubnets", vpc.private_subnets), ("publicSubnets", vpc.public_subnets)):
        if len(set(named_ones)) not in (2, 3) or len(set(named_ones)) != len(named_ones):
            limit = f"2 or 3 different subnets, each in a zone of its own; there are {len(set(named_ones))}"
            yield Finding(("aws", "vpc", key), Shown.HIDDEN, limit, "name one in each of 2 or 3 zones")
    for subnet in sorted(set(vpc.private_subnets) & set(vpc.public_subnets)):
        limit = f"private subnets only; {subnet} stands in publicSubnets too"
        yield Finding(("aws", "vpc", "privateSubnets"), Shown.HIDDEN, limit, "remove it from one of the two")


def endpoints(vpc: ExistingNetwork) -> Iterator[Finding]:
    """Their group and the prefix list of S3 stand together."""
    if (vpc.endpoint_group is None) != (vpc.s3_prefix_list is None):
        given, missing = ("endpointGroup", "s3PrefixList") if vpc.endpoint_group else ("s3PrefixList", "endpointGroup")
        limit = f"both of endpointGroup and s3PrefixList, or neither; {missing} is missing"
        yield Finding(("aws", "vpc", given), Shown.HIDDEN, limit, f"add {missing}, or remove {given}")


def named(placed: list[Placed], aws: Aws, account: str) -> Iterator[Finding]:
    """Cluster, load balancer, web ACL and zone: in the right place, and no two that exclude each other."""
    yield from _places(aws, account)
    if aws.load_balancer is not None:
        for key, value in (("certificate", aws.certificate), ("waf", aws.waf)):
            if value is not None:
                limit = f"only one of loadBalancer and {key}: {key} belongs to the owner of the load balancer"
                yield Finding(("aws", key), Shown.HIDDEN, limit, f"remove {key}, or remove loadBalancer")
        plain = [one.service.name for one in placed if one.service.ingress and not one.service.ingress.tls]
        if plain and aws.load_balancer.http_listener is None:
            limit = f"httpListener where services have ingress without TLS ({', '.join(plain)})"
            yield Finding(("aws", "loadBalancer"), Shown.HIDDEN, limit, "add httpListener, or turn TLS on")


def _places(aws: Aws, account: str) -> Iterator[Finding]:
    balancer = aws.load_balancer
    arns: list[tuple[tuple[str, ...], str | None]] = [(("cluster",), aws.cluster), (("waf",), aws.waf)]
    if balancer is not None:
        arns += [(("loadBalancer", "arn"), balancer.arn), (("loadBalancer", "listener"), balancer.listener)]
        arns += [(("loadBalancer", "httpListener"), balancer.http_listener)]
    for path, arn in arns:
        if arn is None or not arn.startswith("arn:"):
            continue
        region, owner = arn.split(":")[3:5]
        if (region, owner) != (aws.region, account):
            limit = f"an ARN in the region {aws.region} and the account {account}; this is in {region}, {owner}"
            yield Finding(("aws", *path), arn, limit, "name one that lies beside the services")
    if balancer is not None:
        _, _, own = balancer.arn.partition(":loadbalancer/")
        for key, arn in (("listener", balancer.listener), ("httpListener", balancer.http_listener)):
            if arn is not None and f":listener/{own}/" not in arn:
                limit = f"a listener of the load balancer {own}"
                yield Finding(("aws", "loadBalancer", key), arn, limit, "name a listener of the same load balancer")


def certificate(hosts: list[str]) -> Iterator[Finding]:
    """What a certificate that is made for these hosts cannot hold."""
    first = min(hosts, key=len)
    if len(hosts) > MOST_NAMES:
        limit = f"a certificate of your own where more than {MOST_NAMES} host names have TLS; these are {len(hosts)}"
    elif len(first) > LONGEST_NAME:
        limit = f"a certificate of your own where every host name has more than {LONGEST_NAME} characters"
    else:
        return
    remedy = "ask AWS Certificate Manager for one, such as for *.example.org, and write its ARN here"
    yield Finding(("aws", "certificate"), Shown.ABSENT, limit, remedy, stack=True)


def cache(placed: list[Placed], aws: Aws, registry: Registry | None) -> Iterator[Finding]:
    """A cache moves its tag with every build, which a repository with immutable tags refuses."""
    if registry is None or aws.repositories != "make":
        return
    made = {f"{registry.address}/{one.service.name}" for one in placed if one.service.build is not None}
    for one in placed:
        build = one.service.build
        if build is None or build.cache_to is None:
            continue
        repository, _, _ = build.cache_to.partition("@")[0].rpartition(":")
        if (repository if "/" in repository else build.cache_to) in made:
            limit = f"a repository that {NAMESPACE}:aws does not make: in those no tag can be moved, as a cache needs"
            yield Finding(one.path("build", "cacheTo"), build.cache_to, limit, "name another repository, or remove it")
