"""Where an image comes from: its sources' commit and who built it, as a predicate of SLSA's provenance 1."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.spec.service import Service
from delivery.records import Commit, Release

BUILD_TYPE = "https://github.com/pulumi/pulumi-docker-build"
"""What turns a Dockerfile into the image."""


@dataclass(frozen=True)
class Origin:
    """The build of one image."""

    project: str
    stack: str
    service: Service
    release: Release
    """The first release that ran the image: the one that built it."""

    def predicate(self, builder: str) -> dict[str, Any]:
        """For the attestation. What git did not know is left out, and never guessed."""
        build = self.service.build
        commit = self.release.commit
        sources = [] if commit is None else [{"uri": "git+.", "digest": {"gitCommit": commit.id}}]
        return {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "project": self.project,
                    "service": self.service.name,
                    "context": None if build is None else build.context,
                    "dockerfile": None if build is None else build.dockerfile,
                },
                "internalParameters": {"stack": self.stack, "release": self.release.number, **_work_tree(commit)},
                "resolvedDependencies": sources,
            },
            "runDetails": {
                "builder": {"id": builder},
                "metadata": {"invocationId": self.release.id, "startedOn": _time(self.release.began)},
            },
        }


@dataclass(frozen=True)
class Provenance:
    """What a reader wants to know of it."""

    commit: str | None
    builder: str


def read(predicate: Mapping[str, Any]) -> Provenance:
    """ValueError where it is no provenance."""
    try:
        builder = str(predicate["runDetails"]["builder"]["id"])
        sources = predicate["buildDefinition"].get("resolvedDependencies") or ()
        commits = [one["digest"]["gitCommit"] for one in sources if "gitCommit" in (one.get("digest") or {})]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no provenance: {error}") from error
    return Provenance(commits[0] if commits else None, builder)


def builder(variables: Mapping[str, str] = os.environ) -> str:
    """Who builds: the pipeline as GitHub, GitLab or Jenkins names it, else a person's machine, which is not named."""
    if workflow := variables.get("GITHUB_WORKFLOW_REF"):
        return f"{variables.get('GITHUB_SERVER_URL', 'https://github.com')}/{workflow}"
    if project := variables.get("CI_PROJECT_URL"):
        return f"{project}/-/runners/{variables.get('CI_RUNNER_ID', '0')}"
    return variables.get("JOB_URL") or "urn:caas:workstation"


def origin(releases: tuple[Release, ...], image: str) -> Release | None:
    """The release that built an image: the first that ran it, where that was no promotion."""
    first = next((one for one in releases if image in one.images.values()), None)
    return first if first is not None and first.source is None else None


def _work_tree(commit: Commit | None) -> dict[str, Any]:
    return {} if commit is None else {"branch": commit.branch, "uncommittedChanges": commit.dirty}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
