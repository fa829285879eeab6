"""A pack without a rule that answers every question at once: what the engine's asking alone costs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes, as in the pack."""

ANSWERS = {
    "Analyze": analyzer_pb2.AnalyzeResponse(),
    "AnalyzeStack": analyzer_pb2.AnalyzeResponse(),
    "Configure": empty_pb2.Empty(),
    "ConfigureStack": analyzer_pb2.AnalyzerStackConfigureResponse(),
    "GetAnalyzerInfo": analyzer_pb2.AnalyzerInfo(name="empty", version="0.1.0", supportsConfig=True),
    "GetPluginInfo": plugin_pb2.PluginInfo(version="0.1.0"),
    "Handshake": analyzer_pb2.AnalyzerHandshakeResponse(),
    "Remediate": analyzer_pb2.RemediateResponse(),
}


class Empty(analyzer_pb2_grpc.AnalyzerServicer):
    """Has nothing against anything."""

    def __getattribute__(self, name: str) -> Any:
        found = ANSWERS.get(name)
        return super().__getattribute__(name) if found is None else lambda _request, _context: found


server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", LARGEST_MESSAGE)])
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Empty(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
threading.Event().wait()
