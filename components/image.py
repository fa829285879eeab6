"""A Dockerfile becomes a pushed image that is referred to by digest.

BuildKit does the work, through Pulumi's docker-build provider; a builder of its own comes from
pulumi-docker, which is imported only when a stack asks for one. How the image runs does not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from components import release
from components.base import Component, Transform
from components.compared import stand_in
from components.context import content_hash
from components.registry import Login
from components.spec.service import Build, Service

if TYPE_CHECKING:
    import pulumi_docker_build


NO_DIGEST = f"sha256:{'0' * 64}"
"""Stands in for the digest of an image that is built, where previews are compared."""


@dataclass(frozen=True, kw_only=True)
class ContainerImageArgs:
    """Exactly one of ``build`` and ``digest``.

    :param build: How to build it.
    :param repository: Where it is pushed to, without a tag. Required with ``build``.
    :param digest: An image that exists, ``repository@sha256:…``: nothing is built.
    :param login: Who pushes. Default: the login of Docker's configuration.
    :param secrets: Values of the build secrets, by the keys that ``build.secrets`` names.
    :param directory: What ``build.context`` is relative to. Default: where the program runs, which is the
        directory of Pulumi.yaml.
    :param before_push: What must exist before the image can be pushed, such as its repository.
    :param transforms: See :class:`components.base.Component`.
    """

    build: Build | None = None
    repository: str | None = None
    digest: pulumi.Input[str] | None = None
    login: Login | None = None
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    directory: Path = Path()
    before_push: Sequence[pulumi.Resource] = ()
    transforms: Sequence[Transform] = ()


class ContainerImage(Component):
    """An image by digest: built and pushed here, or handed in.

    The tag is the content hash of what is built (see :mod:`components.context`): an unchanged context is no
    change, and a registry with immutable tags never sees the same tag with another content.
    """

    reference: pulumi.Output[str]
    """``repository@sha256:…``. Unknown in a preview that would build."""

    def __init__(self, name: str, args: ContainerImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:image:ContainerImage", name, opts, args.transforms)
        if args.digest is not None and args.build is None:
            self.reference = pulumi.Output.from_input(args.digest)
        elif args.build is None or args.digest is not None:
            raise ValueError(f"image {name}: give exactly one of build and digest")
        elif args.repository is None:
            raise ValueError(f"image {name}: build needs a repository to push to")
        else:
            builder = self._builder(name) if args.build.dedicated_builder else None
            image = self._image(name, args, args.build, args.repository, builder)
            self.reference = pulumi.Output.concat(args.repository, "@", stand_in(image.digest, NO_DIGEST))
        self.finish({"reference": self.reference})

    def _builder(self, name: str) -> pulumi.Output[str]:
        """A BuildKit daemon for this image alone; gives the builder's name."""
        import pulumi_docker

        builder = pulumi_docker.BuildxBuilder(
            f"{name}-builder",
            name=f"{name}-builder",
            driver="docker-container",
            bootstrap=True,
            use=False,
            opts=self.child(),
        )
        named: pulumi.Output[str] = builder.name
        return named

    def _image(
        self, name: str, args: ContainerImageArgs, build: Build, repository: str, builder: pulumi.Output[str] | None
    ) -> pulumi_docker_build.Image:
        import pulumi_docker_build

        tag = content_hash(build, args.directory)
        context = (args.directory / build.context).as_posix()
        return pulumi_docker_build.Image(
            f"{name}-image",
            push=True,
            tags=[f"{repository}:{tag}"],
            context={"location": context},
            dockerfile={"location": f"{context}/{build.dockerfile}"},
            target=build.target,
            build_args=build.args or None,
            platforms=[pulumi_docker_build.Platform(platform) for platform in build.platforms] or None,
            cache_from=[{"registry": {"ref": ref}} for ref in build.cache_from] or None,
            cache_to=[_cache_to(build)],
            secrets=_build_secrets(name, build, args.secrets) or None,
            registries=[_login(args.login)] if args.login else None,
            builder={"name": builder} if builder is not None else None,
            build_on_preview=build.build_on_preview,
            opts=self.child(depends_on=list(args.before_push)),
        )


def short_digest(reference: str) -> str:
    """The first 12 digits of an image's digest: the version that an instance carries."""
    return reference.rpartition("sha256:")[2][:12]


def version(image: pulumi.Input[str]) -> pulumi.Input[str]:
    """The same for a reference that may not be known yet."""
    if isinstance(image, str):
        return short_digest(image)
    pending: pulumi.Output[str] = pulumi.Output.all(image).apply(lambda known: short_digest(known[0]))
    return pending


def declared_image(
    spec: Service,
    *,
    repository: str,
    login: Login | None,
    secrets: Mapping[str, pulumi.Output[str]],
    before_push: Sequence[pulumi.Resource] = (),
    platform: str | None = None,
) -> pulumi.Input[str]:
    """The digest reference of a service's image. One that is given, by the description or by a release that runs again,
    needs no component: nothing is declared for it.

    :param platform: What it is built for unless the description names platforms, such as ``linux/arm64``.
        Default: the builder's own.
    """
    again = release.pinned()
    if again is not None and spec.name in again.images:
        return again.images[spec.name]
    if spec.image is not None or spec.build is None:
        return spec.image or ""
    build = spec.build
    if platform is not None and not build.platforms:
        build = build.model_copy(update={"platforms": (platform,)})
    args = ContainerImageArgs(build=build, repository=repository, login=login, secrets=secrets, before_push=before_push)
    return ContainerImage(spec.name, args).reference


def _cache_to(build: Build) -> pulumi_docker_build.CacheToArgsDict:
    """Cache beside the image where a place is named, otherwise inside it."""
    if build.cache_to is None:
        return {"inline": {}}
    import pulumi_docker_build

    return {"registry": {"ref": build.cache_to, "mode": pulumi_docker_build.CacheMode.MAX}}


def _build_secrets(name: str, build: Build, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, pulumi.Output[str]]:
    """Mount id -> value, secret whether or not the caller marked it."""
    missing = sorted(set(build.secrets.values()) - set(secrets))
    if missing:
        raise ValueError(f"image {name}: no value for build secret {', '.join(missing)}")
    return {mount: pulumi.Output.secret(secrets[key]) for mount, key in build.secrets.items()}


def _login(login: Login) -> pulumi_docker_build.RegistryArgsDict:
    return {"address": login.address, "username": login.username, "password": login.password}
