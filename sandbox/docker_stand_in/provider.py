"""The calls of the engine's ``ResourceProvider`` service for the one resource that is stood in for."""

# ruff: noqa: ARG002 (a call's signature is the protocol's)

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.docker_stand_in.builders import Builder, BuilderError, refused
from sandbox.rpc.arguments import failures, shape_of

BUILDER = "docker:index/buildxBuilder:BuildxBuilder"


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    """A message's properties as Python values."""
    value: dict[str, Any] = json_format.MessageToDict(message)
    return value


def message(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Python values as a message's properties."""
    result = struct_pb2.Struct()
    result.update(dict(values))
    return result


def type_of(urn: str) -> str:
    """The resource's type: the last of the types that the URN's third part chains."""
    return urn.split("::")[2].rpartition("$")[2]


class DockerStandIn(provider_pb2_grpc.ResourceProviderServicer):
    """``sdk`` is the directory of the installed package ``pulumi_docker``, ``version`` its plug-in's version."""

    def __init__(self, sdk: Path, version: str) -> None:
        self._sdk = sdk
        self._version = version

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> NoReturn:
        _refuse(context, request.tok)

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        _only_builders(request.urn, context)
        inputs, olds = plain(request.news), plain(request.olds)
        shape = shape_of(self._sdk / "buildx_builder.py", "BuildxBuilderArgs")
        wrong = [(failure.path, failure.reason) for failure in failures(shape, inputs)] or refused(inputs)
        # Without a name of its own the builder gets one that it keeps.
        inputs.setdefault("name", olds.get("name") or f"{request.urn.rpartition('::')[2]}-{secrets.token_hex(4)}")
        return provider_pb2.CheckResponse(
            inputs=message(inputs),
            failures=[provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in wrong],
        )

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        olds, news = plain(request.old_inputs) or plain(request.olds), plain(request.news)
        changed = sorted(
            key
            for key in olds.keys() | news.keys()
            if not key.startswith("__") and olds.get(key) != news.get(key) and key not in request.ignoreChanges
        )
        if not changed:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        # A builder cannot be changed, and two cannot have one name.
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME, replaces=changed, diffs=changed, deleteBeforeReplace=True
        )

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        _only_builders(request.urn, context)
        inputs = plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        builder = Builder.of(inputs)
        try:
            builder.create(bootstrap=bool(inputs.get("bootstrap")))
        except (BuilderError, OSError) as error:
            _abort(context, grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return provider_pb2.CreateResponse(id=builder.name, properties=request.properties)

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        _only_builders(request.urn, context)
        state = plain(request.properties) or {"name": request.id}
        if not Builder.of(state).exists():
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=message(state), inputs=message(plain(request.inputs) or state)
        )

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> NoReturn:
        _abort(context, grpc.StatusCode.INTERNAL, f"{request.urn} is replaced, never updated")

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        _only_builders(request.urn, context)
        Builder.of({**plain(request.properties), "name": request.id}).delete()
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        # Every call is over within seconds; there is nothing to break off.
        return empty_pb2.Empty()


def _only_builders(urn: str, context: grpc.ServicerContext) -> None:
    if type_of(urn) != BUILDER:
        _refuse(context, type_of(urn))


def _refuse(context: grpc.ServicerContext, token: str) -> NoReturn:
    _abort(
        context,
        grpc.StatusCode.UNIMPLEMENTED,
        f"{token}: the sandbox stands in for pulumi-docker's {BUILDER} only; use a machine with Docker and the "
        "official plug-in for this one",
    )


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, details: str) -> NoReturn:
    context.abort(code, details)
    raise AssertionError("abort ends the call")
