"""The pack on the wire: the engine's analyzer protocol, over the judge.

The SDK's own ``PolicyPack`` is not used: it knows one level per rule, turns what a rule could not know into an
advisory line without a word, and reads every resource anew for each rule. See docs/adr/0026-policies.md.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from policies import configuration, remediation
from policies.catalogue import Catalogue
from policies.configuration import ConfigurationError, Owner
from policies.documents import DataError
from policies.judge import WAIVERS, Finding, Judge, Situation
from policies.levels import Level
from policies.rule import Resource, Rule, Severity, StackRule
from policies.values import plain, without_secrets

NAME = "caas"
VERSION = "0.2.0"
"""Shown where PulumiPolicy.yaml names none."""

LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes: a whole stack comes in one message."""

_LEVELS = {Level.ADVISORY: analyzer_pb2.ADVISORY, Level.MANDATORY: analyzer_pb2.MANDATORY}
_SEVERITIES = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}
_NAMES = {
    analyzer_pb2.ADVISORY: "advisory",
    analyzer_pb2.MANDATORY: "mandatory",
    analyzer_pb2.DISABLED: "disabled",
    analyzer_pb2.REMEDIATE: "remediate",
}


@dataclass
class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Answers the engine for one operation on one stack."""

    catalogue: Catalogue
    judge: Judge = field(init=False)
    owner: Owner = field(default_factory=Owner)
    remediated: frozenset[str] = frozenset()
    seen: dict[str, Resource] = field(default_factory=dict)
    """URN -> the inputs that were judged. The rules over the stack get these and not the outputs, in which a provider
    adds defaults that nobody declared."""
    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.judge = Judge(self.catalogue, Situation())

    def Handshake(self, _request: Any, _context: Any) -> Any:
        """Nothing to agree on."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """The pack's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        """Learn which stack is judged. A fault in the pack's data ends the operation with its line."""
        config = dict(request.config)
        for key in request.config_secret_keys:
            config.pop(key, None)
        try:
            found = configuration.situation(
                request.stack, request.project, config, preview=request.dry_run, ids=self.catalogue.ids
            )
        except DataError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        self.judge = Judge(self.catalogue, found)
        self.owner = configuration.owner(request.stack, config)
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        """Take what the operator set for each rule."""
        given = {rule: _NAMES[entry.enforcementLevel] for rule, entry in request.policyConfig.items()}
        announced = {rule: self.judge.level(rule) for rule in self.catalogue.ids} | {WAIVERS: Level.MANDATORY}
        try:
            chosen = configuration.chosen(given, announced, remediation.REMEDIES)
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        options = {
            # As resources are read: a whole number is an int, and not what JSON makes of it.
            rule: plain(entry.properties).properties
            for rule, entry in request.policyConfig.items()
            if entry.properties.fields
        }
        self.judge = replace(
            self.judge,
            situation=replace(self.judge.situation, options=options, stricter=chosen.stricter | chosen.remediated),
        )
        self.remediated = chosen.remediated
        return empty_pb2.Empty()

    def GetAnalyzerInfo(self, _request: Any, _context: Any) -> Any:
        """The rules, with their levels in this environment."""
        info = analyzer_pb2.AnalyzerInfo(name=NAME, version=VERSION, supportsConfig=True)
        info.policies.extend(_info(rule, self.judge.level(rule.id)) for rule in self.catalogue.all)
        info.policies.append(
            analyzer_pb2.PolicyInfo(
                name=WAIVERS,
                description="Every waiver covers a violation, and none has expired.",
                enforcementLevel=analyzer_pb2.MANDATORY,
                policy_type=analyzer_pb2.POLICY_TYPE_STACK,
            )
        )
        return info

    def Analyze(self, request: Any, _context: Any) -> Any:
        """Judge one resource by its inputs."""
        read = plain(request.properties)
        self.secrets |= read.secrets
        resource = Resource(request.type, request.name, read.properties, request.urn, request.options.parent or None)
        self.seen[request.urn] = resource
        return self._response(self.judge.resource(resource))

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:
        """Judge all resources together, and the waivers."""
        return self._response(self.judge.stack(tuple(self._of_stack(one) for one in request.resources)))

    def _of_stack(self, sent: Any) -> Resource:
        depends = {key: tuple(found.urns) for key, found in sent.propertyDependencies.items()}
        if sent.urn in self.seen:
            return replace(self.seen[sent.urn], depends=depends)
        read = plain(sent.properties)
        self.secrets |= read.secrets
        return Resource(sent.type, sent.name, read.properties, sent.urn, sent.parent or None, depends)

    def Remediate(self, request: Any, _context: Any) -> Any:
        """Mend what may be mended, for the rules that the operator chose."""
        response = analyzer_pb2.RemediateResponse()
        properties = struct_pb2.Struct()
        properties.CopyFrom(request.properties)
        for rule in sorted(self.remediated):
            resource = Resource(request.type, request.name, plain(properties).properties, request.urn)
            edits = remediation.REMEDIES[rule](resource, self.judge.situation.setting, self.owner)
            if edits and remediation.applied(properties, edits):
                response.remediations.append(
                    analyzer_pb2.Remediation(
                        policyName=rule,
                        policyPackName=NAME,
                        policyPackVersion=VERSION,
                        description=self.catalogue.of(rule).title,
                        properties=properties,
                    )
                )
        return response

    def _response(self, findings: Iterable[Finding]) -> Any:
        return analyzer_pb2.AnalyzeResponse(diagnostics=[self._diagnostic(finding) for finding in findings])

    def _diagnostic(self, finding: Finding) -> Any:
        rule = None if finding.rule == WAIVERS else self.catalogue.of(finding.rule)
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=finding.rule,
            policyPackName=NAME,
            policyPackVersion=VERSION,
            description=rule.title if rule else "",
            message=without_secrets(finding.message, self.secrets),
            enforcementLevel=_LEVELS[finding.level],
            urn=finding.urn,
            severity=_SEVERITIES[rule.severity] if rule else analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED,
        )


def _info(rule: Rule | StackRule, level: Level) -> Any:
    of_stack = isinstance(rule, StackRule)
    info = analyzer_pb2.PolicyInfo(
        name=rule.id,
        displayName=rule.title,
        description=f"{rule.title} {rule.reason}",
        enforcementLevel=_LEVELS[level],
        severity=_SEVERITIES[rule.severity],
        remediation_steps=rule.remedy,
        tags=list(rule.references),
        policy_type=analyzer_pb2.POLICY_TYPE_STACK if of_stack else analyzer_pb2.POLICY_TYPE_RESOURCE,
    )
    if rule.schema:
        info.configSchema.properties.update(dict(rule.schema))
    return info


def serve(catalogue: Catalogue) -> None:
    """Serve until the engine ends this process; the port is printed for it."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", LARGEST_MESSAGE)]
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(catalogue), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop(0)
        sys.exit(0)
