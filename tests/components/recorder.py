"""A monitor that stands in for the engine: it records what a program declares and answers as a provider would.

Resources get their explicit names back as outputs, an image gets a digest, secrets stay marked, and transforms are
called as the engine calls them. Nothing is asserted here.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks, settings, stack
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks special values on the wire."""

SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How a value that is not known yet looks on the wire."""

IMAGE = "docker-build:index:Image"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DIGEST = "sha256:" + "d" * 64


@dataclass(frozen=True)
class Declared:
    """One resource, as the engine was told about it."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    """Plain values; what was secret stands here in plain text, see ``secret_paths``."""
    secret_paths: frozenset[str]
    """Paths of the inputs that were marked as secret, such as ``stringData`` or ``metadata.name``."""
    provider: str
    depends_on: tuple[str, ...]
    timeouts: dict[str, str]
    made_from: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Input -> URNs of the resources that its value was made from."""
    deleted_with: str = ""
    """URN of the resource whose end is this one's too, so that the engine removes only that."""


@dataclass
class Recording:
    """Everything that one program declared."""

    resources: list[Declared] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """URN of a component -> what it registered."""
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Functions of a provider that were called, with their arguments."""
    result: Any = None
    """What the program returned, with its Outputs resolved."""

    def of(self, type_: str) -> list[Declared]:
        """Every resource of a type."""
        return [one for one in self.resources if one.type == type_]

    def one(self, type_: str, name: str | None = None) -> Declared:
        """The only resource of a type (and name)."""
        found = [one for one in self.of(type_) if name is None or one.name == name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} of {type_} {name or ''}; declared: {sorted(self.names())}")
        return found[0]

    def names(self) -> Iterator[str]:
        """Type and name of every resource."""
        return (f"{one.type}::{one.name}" for one in self.resources)


class _NoAnswers(mocks.Mocks):
    """Required by the base class; this monitor answers by itself."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return args.name, dict(args.inputs)


class RecordingMonitor(mocks.MockMonitor):
    """Records each registration and answers it.

    :param preview: Leave unknown what a real provider cannot know before it has acted: an image's digest.
    """

    def __init__(self, preview: bool = False) -> None:
        super().__init__(_NoAnswers())
        self.recording = Recording()
        self._preview = preview
        self._inherited: dict[str, list[callback_pb2.Callback]] = {}

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn: str = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self._inherited[urn] = [*request.transforms, *self._inherited.get(request.parent, [])]
        properties = self._transformed(request, self._inherited[urn])
        secrets: set[str] = set()
        inputs = _plain(properties, "", secrets)
        self.recording.resources.append(
            Declared(
                urn=urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=request.custom,
                inputs=inputs,
                secret_paths=frozenset(secrets),
                provider=request.provider,
                depends_on=tuple(request.dependencies),
                timeouts={
                    key: getattr(request.customTimeouts, key)
                    for key in ("create", "update", "delete")
                    if getattr(request.customTimeouts, key)
                },
                made_from={key: tuple(one.urns) for key, one in request.propertyDependencies.items()},
                deleted_with=request.deletedWith,
            )
        )
        answer = struct_pb2.Struct()
        answer.CopyFrom(properties)
        if request.type.startswith("aws:"):
            _answer_as_aws(answer, request.type, request.name, self._preview)
        if request.type.startswith("gcp:"):
            _answer_as_google(answer, request.type, request.name, self._preview)
        if request.type.startswith("azure-native:"):
            _answer_as_azure(answer, request.type, request.name, self._preview)
        if request.type == CONFIG_MAP:
            answer["metadata"]["uid"] = UNKNOWN if self._preview else f"{request.name}-uid"
        if request.type == IMAGE:
            answer["digest"] = UNKNOWN if self._preview else DIGEST
        identity = "" if not request.custom else UNKNOWN if self._preview else f"{request.name}-id"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=answer)

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        given = _plain(request.args, "", set())
        self.recording.invokes.append((request.tok, given))
        answer = struct_pb2.Struct()
        words = [given.get("availabilityZone"), *given.get("tags", {}).values()]
        answer["id"] = "found-vpc" if request.tok.endswith(":getVpc") else "-".join(["found", *filter(None, words)])
        answer.update({"dnsName": "found-dnsName", "zoneId": "found-zoneId"})
        if request.tok == "gcp:container/getCluster:getCluster":
            answer.update({"endpoint": "192.0.2.1", "masterAuths": [{"clusterCaCertificate": "found-authority"}]})
        if request.tok.startswith("azure-native:"):
            answer.update({"primarySharedKey": "found-key", "value": "https://found/trigger"})
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        self.recording.outputs[request.urn] = _plain(request.outputs, "", set())
        return empty_pb2.Empty()

    def _transformed(
        self, request: resource_pb2.RegisterResourceRequest, callbacks: list[callback_pb2.Callback]
    ) -> struct_pb2.Struct:
        """Ask the program's own transforms, over the wire, as the engine does."""
        properties: struct_pb2.Struct = request.object
        for callback in callbacks:
            message = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=properties,
                options=resource_pb2.TransformResourceOptions(),
            )
            with grpc.insecure_channel(callback.target) as channel:
                invoke = callback_pb2.CallbackInvokeRequest(token=callback.token, request=message.SerializeToString())
                reply = callback_pb2_grpc.CallbacksStub(channel).Invoke(invoke)
            answer = resource_pb2.TransformResponse.FromString(reply.response)
            if answer.HasField("properties"):
                properties = answer.properties
        return properties


AWS_OUTPUTS = {
    "aws:amp/workspace:Workspace": ("prometheusEndpoint",),
    "aws:kms/key:Key": ("keyId",),
    "aws:lb/loadBalancer:LoadBalancer": ("dnsName", "arnSuffix", "zoneId"),
    "aws:lb/targetGroup:TargetGroup": ("arnSuffix",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("prefixListId",),
    "aws:route53/record:Record": ("fqdn",),
    "aws:secretsmanager/secretVersion:SecretVersion": ("versionId",),
}
"""What AWS makes up for a resource, beside the ARN that every resource gets."""


GOOGLE_OUTPUTS: dict[str, dict[str, Any]] = {
    "gcp:serviceaccount/account:Account": {"name": "{}-name", "email": "{}-email", "member": "serviceAccount:{}"},
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {"name": "pools/{}"},
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {"name": "providers/{}"},
    "gcp:projects/iAMCustomRole:IAMCustomRole": {"name": "projects/shop-1234/roles/{}"},
    "gcp:container/cluster:Cluster": {"endpoint": "192.0.2.1", "masterAuth": {"clusterCaCertificate": "{}-authority"}},
    "gcp:compute/globalAddress:GlobalAddress": {"address": "198.51.100.1"},
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": {
        "dnsResourceRecords": [{"name": "_proof.{}.", "type": "CNAME", "data": "{}.authorize."}]
    },
}
"""What Google makes up for a resource; ``{}`` is the resource's name."""


AZURE_OUTPUTS: dict[str, dict[str, Any]] = {
    "azure-native:managedidentity:UserAssignedIdentity": {
        "principalId": "{}-principal",
        "clientId": "{}-client",
        "tenantId": "{}-tenant",
    },
    "azure-native:monitor:AzureMonitorWorkspace": {"metrics": {"prometheusQueryEndpoint": "https://{}.query"}},
    "azure-native:monitor:DataCollectionEndpoint": {"metricsIngestion": {"endpoint": "https://{}.ingest"}},
    "azure-native:monitor:DataCollectionRule": {"immutableId": "{}-immutable"},
    "azure-native:operationalinsights:Workspace": {"customerId": "{}-customer"},
    "azure-native:network:PublicIPAddress": {"ipAddress": "198.51.100.1"},
    "azure-native:network:LoadBalancer": {"frontendIPConfigurations": [{"privateIPAddress": "10.0.16.4"}]},
}
"""What Azure makes up for a resource, beside the name that every resource gets; ``{}`` is the resource's name."""


def _answer_as_azure(answer: struct_pb2.Struct, type_: str, name: str, preview: bool) -> None:
    """Give a resource of Azure the outputs that others refer to: readable, or unknown in a preview."""
    if "identity" in answer:
        answer.update({"identity": {"principalId": f"{name}-principal", "type": "given"}})  # never as it was given
    for output, value in {"name": "{}-name", **AZURE_OUTPUTS.get(type_, {})}.items():
        answer.update({output: UNKNOWN if preview else json.loads(json.dumps(value).replace("{}", name))})


def _answer_as_google(answer: struct_pb2.Struct, type_: str, name: str, preview: bool) -> None:
    """Give a resource of Google Cloud the outputs that others refer to: readable, or unknown in a preview."""
    for output, value in GOOGLE_OUTPUTS.get(type_, {}).items():
        answer.update({output: UNKNOWN if preview else json.loads(json.dumps(value).replace("{}", name))})


def _answer_as_aws(answer: struct_pb2.Struct, type_: str, name: str, preview: bool) -> None:
    """Give a resource of AWS the outputs that others refer to: readable, or unknown in a preview."""
    for output in ("arn", *AWS_OUTPUTS.get(type_, ())):
        known = f"arn:aws:{name}" if output == "arn" else f"{name}-{output}"
        answer[output] = UNKNOWN if preview else known
    if type_ == "aws:acm/certificate:Certificate":
        hosts = [
            answer["domainName"],
            *dict(answer.items()).get("subjectAlternativeNames", ()),
        ]
        proof = {"resourceRecordType": "CNAME", "resourceRecordValue": "_value"}
        options = [{**proof, "domainName": host, "resourceRecordName": f"_proof.{host}"} for host in hosts]
        answer.update({"domainValidationOptions": UNKNOWN if preview else options})


def _plain(value: Any, path: str, secrets: set[str]) -> Any:
    """A wire value as plain Python, collecting the paths that are marked as secret."""
    if isinstance(value, struct_pb2.Struct):
        fields = dict(value.items())
        if fields.get(SECRET) == SECRET_SIGNATURE:
            secrets.add(path)
            return _plain(fields["value"], path, secrets)
        return {key: _plain(inner, f"{path}.{key}" if path else key, secrets) for key, inner in fields.items()}
    if isinstance(value, struct_pb2.ListValue):
        return [_plain(inner, f"{path}[{index}]", secrets) for index, inner in enumerate(value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def _no_collection() -> Iterator[None]:
    """Thousands of futures that live to the end: looking for garbage among them takes half of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def record(
    program: Callable[[], Any], *, preview: bool = False, stack_name: str = "staging", transforms: bool = False
) -> Recording:
    """Run a program to its end, every Output it left behind included, and give what it declared.

    :param preview: See :class:`RecordingMonitor`.
    :param transforms: Serve the program's transforms, as the SDK does for a real engine.

    What the program returns is resolved before this returns, so that no assertion is lost in an apply.
    """
    monitor = RecordingMonitor(preview)

    async def body() -> None:
        monitor.recording.result = await pulumi.Output.from_input(program()).future(with_unknowns=True)

    async def main() -> None:
        settings.reset_options()
        settings.SETTINGS.callbacks = None
        mocks.set_mocks(_NoAnswers(), project="caas", stack=stack_name, preview=preview, monitor=monitor)
        if transforms:
            # The mock is made to be used where the SDK expects its stub, and serve() has no annotations.
            callbacks = _CallbackServicer(cast(Any, monitor))
            await cast(Any, callbacks).serve()
            settings.SETTINGS.callbacks = callbacks
        await stack.run_pulumi_func(lambda: asyncio.ensure_future(body()))

    with _no_collection():
        asyncio.run(main())
    return monitor.recording
