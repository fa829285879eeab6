"""The DORA figures for Prometheus: as text, as a file for a node exporter to pick up, or pushed to a Pushgateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import urllib3

from delivery import whole_file
from delivery.dora import Figures
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

JOB = "caas_dora"
"""The job under which a Pushgateway keeps them."""
LIMIT = 10.0
"""Seconds for a Pushgateway to answer."""
CONTENT = "text/plain; version=0.0.4; charset=utf-8"


def text(figures: Figures) -> str:
    """In Prometheus' text format. A figure that is not known is left out: 0 would be a lie."""
    return "".join(_lines(figures))


def _lines(figures: Figures) -> Iterator[str]:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in _labels(figures).items())
    gauges: tuple[tuple[str, str, float | None], ...] = (
        ("window_days", "Days that the figures look back.", figures.days),
        ("deployments", "Deployments in the window that went well.", figures.deployments),
        ("failed_deployments", "Deployments in the window that failed or were rolled back.", figures.failures),
        ("deployments_per_day", "DORA: deployment frequency.", figures.frequency),
        ("lead_time_seconds", "DORA: median from a commit to the deployment that brought it.", figures.lead_time),
        ("change_failure_ratio", "DORA: failed deployments per deployment.", figures.failure_rate),
        ("time_to_restore_seconds", "DORA: median from a failure to the next good release.", figures.restore),
        ("unrestored_failures", "Failures after which no release has gone well yet.", figures.unrestored),
    )
    for name, meaning, value in gauges:
        if value is not None:
            full = f"caas_dora_{name}"
            yield f"# HELP {full} {meaning}\n# TYPE {full} gauge\n{full}{{{labels}}} {value:.15g}\n"


def _labels(figures: Figures) -> dict[str, str]:
    return {"project": figures.project, "stack": figures.stack}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write(figures: Figures, file: Path) -> None:
    """Write the file as a whole or not at all: whoever reads it in between must see no half of it."""
    try:
        # Figures are for everybody, and the exporter is somebody else.
        whole_file.write(file, text(figures))
    except OSError as error:
        raise DeliveryError(
            f"{file} cannot be written: {error.strerror}.",
            Exit.BAD_INPUT,
            remedy="Name a file in a directory that exists.",
        ) from error


def push(figures: Figures, url: str) -> None:
    """Put them in place of what the Pushgateway has of this stack. DeliveryError where it does not take them."""
    place = "".join(f"/{name}/{quote(value, safe='')}" for name, value in _labels(figures).items())
    where = f"{url.rstrip('/')}/metrics/job/{JOB}{place}"
    try:
        answer = urllib3.PoolManager(timeout=LIMIT, retries=False).request(
            "PUT", where, body=text(figures).encode(), headers={"Content-Type": CONTENT}
        )
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise DeliveryError(f"The Pushgateway {url} cannot be reached: {error}.", Exit.BAD_INPUT) from error
    if answer.status // 100 != 2:
        said = answer.data.decode(errors="replace").strip()[:200]
        raise DeliveryError(f"The Pushgateway {url} answered {answer.status}: {said}.", Exit.BAD_INPUT)
