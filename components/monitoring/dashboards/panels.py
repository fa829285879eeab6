"""The two kinds of panels that the dashboards have: a graph over time, and one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import common, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

SOURCE = "datasource"
"""The dashboards' variable that names the Prometheus to ask."""
Panel = timeseries.Panel | stat.Panel

SECONDS, SHARE, PER_SECOND, CORES, BYTES, COUNT = "s", "percentunit", "reqps", "none", "bytes", "short"
"""Units, as Grafana calls them."""
RATE = "$__rate_interval"
"""The window of a rate; Grafana makes it four looks at a service at the least."""

_GRAPH = (8, 8)
"""Height and width of a graph, in Grafana's units; a row is 24 wide."""
_FIGURE = (4, 4)


def graph(
    title: str,
    description: str,
    unit: str,
    expressions: Mapping[str, str],
    *,
    limit: float | None = None,
    stacked: bool = False,
    width: int = _GRAPH[1],
) -> timeseries.Panel:
    """Lines over time.

    :param description: What it tells, for whoever sees it for the first time.
    :param expressions: PromQL by the legend of its lines.
    :param limit: Where the value becomes bad: a red line.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .min(0)
        .height(_GRAPH[0])
        .span(width)
        .datasource(_source())
        .line_width(1)
        .fill_opacity(20 if stacked else 5)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .targets(_targets(expressions))
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if limit is not None:
        panel = panel.thresholds(_steps((limit, "red"))).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        )
    return panel


def figure(
    title: str,
    description: str,
    unit: str,
    expression: str,
    *,
    steps: Sequence[tuple[float, str]] = (),
    lowest: str = "green",
    decimals: int | None = None,
    absent: str | None = None,
) -> stat.Panel:
    """One number, as large as its panel.

    :param steps: From which value on it has which colour.
    :param lowest: The colour below all of them.
    :param absent: What is shown where it is right that there is no number.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .height(_FIGURE[0])
        .span(_FIGURE[1])
        .datasource(_source())
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_steps(*steps, lowest=lowest))
        .targets(_targets({"": expression}, instant=True))
    )
    if absent is not None:
        panel = panel.no_value(absent)
    return panel if decimals is None else panel.decimals(decimals)


def _targets(expressions: Mapping[str, str], *, instant: bool = False) -> list[Builder[variants.Dataquery]]:
    built: list[Builder[variants.Dataquery]] = []
    for place, (legend, expression) in enumerate(expressions.items()):
        query = Dataquery().ref_id(chr(ord("A") + place)).expr(expression).legend_format(legend)
        built.append(query.instant() if instant else query.range())
    return built


def _source() -> DataSourceRef:
    return DataSourceRef("prometheus", f"${{{SOURCE}}}")


def _steps(*steps: tuple[float, str], lowest: str = "green") -> ThresholdsConfig:
    first = Threshold(value=None, color=lowest)
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([first, *(Threshold(value=value, color=color) for value, color in steps)])
    )
