"""The plug-in protocol's side of a simulated cloud."""

# ruff: noqa: ARG002 - the protocol gives every method a context

from __future__ import annotations

import os
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped] # generated, without types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.clouds.core.checks import DEFAULTS, normalised, wrong
from sandbox.clouds.core.cloud import Cloud, changed, request_id, state_of
from sandbox.clouds.core.errors import CloudError, Lost, Partial
from sandbox.clouds.core.faults import FaultError
from sandbox.clouds.core.model import Kind, Scope, Values
from sandbox.clouds.core.schema import Sdk
from sandbox.clouds.core.wire import differences, message, name_of, plain, same, type_of, within
from sandbox.rpc.arguments import UNKNOWN

VERBS = {"create": "creating", "read": "reading", "update": "updating", "delete": "deleting"}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """``version`` is the version of the plug-in that the SDK asks for."""

    def __init__(self, cloud: Cloud, sdk: Sdk, version: str) -> None:
        self._cloud = cloud
        self._sdk = sdk
        self._version = version
        self._scope: Scope | None = None

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        try:
            self._cloud.definition.configure(plain(request.news), os.environ)
        except CloudError as error:
            failure = provider_pb2.CheckFailure(property=error.code, reason=error.message)
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        changed = plain(request.news) != plain(request.old_inputs or request.olds)
        response = provider_pb2.DiffResponse
        return response(changes=response.DIFF_SOME if changed else response.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        try:
            self._scope = self._cloud.definition.configure(plain(request.args), os.environ)
        except CloudError as error:
            _abort(context, error.message)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        if request.tok not in self._cloud.definition.functions:
            self._refuse(context, request.tok)
        inputs = {key: value for key, value in plain(request.args).items() if value is not None}
        if unknown := sorted(inputs.keys() - self._sdk.function(request.tok)):
            failures = [
                provider_pb2.CheckFailure(
                    property=key,
                    reason=f"Unsupported argument. An argument named {key!r} is not expected here.",
                )
                for key in unknown
            ]
            return provider_pb2.InvokeResponse(failures=failures)
        try:
            return provider_pb2.InvokeResponse(
                **{"return": message(self._cloud.invoke(request.tok, self._where(), inputs))}
            )
        except (CloudError, FaultError) as error:
            _abort(context, f"invoking {request.tok}: {error}")

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        kind = self._kind(request.urn, context)
        inputs = normalised(kind, plain(request.news), plain(request.olds), name_of(request.urn), request.randomSeed)
        found = wrong(kind, self._sdk.resource(kind.token), inputs)
        return provider_pb2.CheckResponse(
            inputs=message(inputs),
            failures=[provider_pb2.CheckFailure(property=each.path, reason=each.reason) for each in found],
        )

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        kind = self._kind(request.urn, context)
        olds, news = plain(request.old_inputs) or plain(request.olds), plain(request.news)
        keys = {
            key
            for key in olds.keys() | news.keys()
            if key != DEFAULTS and not same(key, olds.get(key), news.get(key), kind.documents)
        } - set(request.ignoreChanges)
        # What the cloud, or the plug-in, fills in where nothing is given stays as it is, as an import has found it.
        keys = {key for key in keys if not _filled_in(kind, key, olds.get(key), news.get(key))}
        response = provider_pb2.DiffResponse
        if not keys:
            return response(changes=response.DIFF_NONE)
        replaces = sorted(keys & (kind.replaces | {"region"}))
        return response(
            changes=response.DIFF_SOME,
            diffs=sorted(keys),
            replaces=replaces,
            hasDetailedDiff=True,
            detailedDiff=_detailed(olds, news, keys, frozenset(replaces)),
            # Two cannot have one name, so the old one goes first where the program chose the name.
            deleteBeforeReplace=bool(replaces) and _same_name(kind, olds, news),
        )

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        kind, inputs = self._kind(request.urn, context), plain(request.properties)
        if request.preview:
            state = state_of(kind, self._where(), inputs)
            unknown = {key: UNKNOWN for key in kind.computed if state.get(key) is None or key in kind.shaped}
            return provider_pb2.CreateResponse(properties=message({**state, **unknown}))
        name = name_of(request.urn)
        try:
            id_, state = self._cloud.create(kind, name, self._where(), inputs)
        except Partial as partial:
            self._partly(context, kind, "create", partial, inputs)
        except (CloudError, Lost, FaultError) as error:
            _abort(context, self._words(kind, "create", inputs, error))
        return provider_pb2.CreateResponse(id=id_, properties=message(state))

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        kind, before, inputs = self._kind(request.urn, context), plain(request.properties), plain(request.inputs)
        try:
            state = self._cloud.read(kind, name_of(request.urn), self._where(), request.id, before)
        except (CloudError, FaultError) as error:
            _abort(context, self._words(kind, "read", before, error))
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.get("id", request.id),
            properties=message(state),
            inputs=message(self._inputs(kind, inputs, before, state)),
        )

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        kind, olds, news = self._kind(request.urn, context), plain(request.olds), plain(request.news)
        if request.preview:
            state = self._foreseen(kind, request.id, olds, news)
            return provider_pb2.UpdateResponse(properties=message(state))
        try:
            state = self._cloud.update(kind, name_of(request.urn), self._where(), request.id, olds, news)
        except Partial as partial:
            self._partly(context, kind, "update", partial, news)
        except (CloudError, Lost, FaultError) as error:
            _abort(context, self._words(kind, "update", news, error))
        return provider_pb2.UpdateResponse(properties=message(state))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        kind, state = self._kind(request.urn, context), plain(request.properties)
        try:
            self._cloud.delete(kind, name_of(request.urn), self._where(), request.id, state)
        except (CloudError, FaultError) as error:
            _abort(context, self._words(kind, "delete", state, error))
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._cloud.cancelled.set()
        return empty_pb2.Empty()

    def _where(self) -> Scope:
        assert self._scope is not None, "the engine configures before it asks for anything"
        return self._scope

    def _kind(self, urn: str, context: grpc.ServicerContext) -> Kind:
        found = self._cloud.definition.kinds.get(type_of(urn))
        if found is None:
            self._refuse(context, type_of(urn))
        return found

    def _refuse(self, context: grpc.ServicerContext, token: str) -> NoReturn:
        cloud = self._cloud.definition.name
        text = (
            f"{token}: the simulated {cloud} does not know it; add it to sandbox/clouds/{cloud}, or run against the "
            "cloud itself"
        )
        context.abort(grpc.StatusCode.UNIMPLEMENTED, text)
        raise AssertionError("abort ends the call")

    def _inputs(self, kind: Kind, inputs: Values, before: Values, state: Values) -> dict[str, Any]:
        """Inputs as the world has them: those that were given, and those that somebody has changed since."""
        possible = self._sdk.resource(kind.token).inputs.properties
        kept = {
            # Where the cloud adds to what was given, what was given stands as long as nobody has changed the whole.
            key: inputs[key] if key in kind.computed and state.get(key) == before.get(key) else state.get(key)
            for key in possible
            if key in inputs
        }
        others = {key: state[key] for key in possible if key not in inputs and state.get(key) is not None}
        moved = {
            key: value
            for key, value in others.items()
            # With nothing before, it is an import: everything was given by somebody.
            if not before or (value != before.get(key) and key not in kind.computed)
        }
        return {**kept, **moved, DEFAULTS: inputs.get(DEFAULTS, [])}

    def _foreseen(self, kind: Kind, id_: str, olds: Values, news: Values) -> dict[str, Any]:
        state = changed(kind, self._where(), olds, news, olds)
        return {**state, "id": id_, **dict.fromkeys(kind.volatile, UNKNOWN)}

    def _words(self, kind: Kind, operation: str, inputs: Values, error: Exception) -> str:
        """An error as the real plug-in puts it: what it was doing, which call, and the cloud's own answer."""
        if isinstance(error, FaultError):
            return str(error)
        answer = error.error if isinstance(error, Partial | Lost) else error
        assert isinstance(answer, CloudError)
        which = (inputs.get(kind.name.key) if kind.name else None) or inputs.get("id") or ""
        return (
            f"{VERBS[operation]} {kind.service} {kind.noun}{f' ({which})' if which else ''}: operation error "
            f"{kind.service}: {operation.capitalize()}{kind.noun.replace(' ', '')}, https response error StatusCode: "
            f"{answer.status}, RequestID: {request_id()}, {answer.code}: {answer.message}"
        )

    def _partly(
        self,
        context: grpc.ServicerContext,
        kind: Kind,
        operation: str,
        partial: Partial,
        inputs: Values,
    ) -> NoReturn:
        """Say that it exists, in this state, and what is wrong with it: nothing is lost, and the next run goes on."""
        words = self._words(kind, operation, inputs, partial)
        id_, state = partial.id, partial.state
        seen = self._inputs(kind, inputs, state_of(kind, self._where(), inputs), state)
        detail = provider_pb2.ErrorResourceInitFailed(
            id=id_, properties=message(state), reasons=[words], inputs=message(seen)
        )
        packed = any_pb2.Any()
        packed.Pack(detail)
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=words, details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        _abort(context, words)


def _abort(context: grpc.ServicerContext, details: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, details)
    raise AssertionError("abort ends the call")


def _filled_in(kind: Kind, key: str, old: Any, new: Any) -> bool:
    """Could the old value, or what it has more than the new one, have come to be without anybody giving it?"""
    if new is None:
        return key in kind.computed or key == "region" or (key in kind.defaults and kind.defaults[key] == old)
    return key in kind.computed and isinstance(new, dict) and within(new, old)


def _same_name(kind: Kind, olds: Values, news: Values) -> bool:
    if kind.name is None or not kind.name.auto:
        return False
    key = kind.name.key
    return olds.get(key) == news.get(key) and key not in news.get(DEFAULTS, [])


def _detailed(
    olds: Values, news: Values, keys: set[str], replaces: frozenset[str]
) -> dict[str, provider_pb2.PropertyDiff]:
    kinds = provider_pb2.PropertyDiff
    found = {}
    for key in sorted(keys):
        for path, how in differences(olds.get(key), news.get(key), key):
            word = f"{how.upper()}{'_REPLACE' if key in replaces else ''}"
            found[path] = kinds(kind=getattr(kinds, word), inputDiff=True)
    return found
