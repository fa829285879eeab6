"""The calls of the engine's ``LanguageRuntime`` service, each in terms of the modules beside this one."""

# ruff: noqa: ARG002 (a call's signature is the protocol's)

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.language_host import install, packages
from sandbox.language_host.execution import REPORTED, program_arguments, program_environment
from sandbox.language_host.interpreters import Interpreter, OptionError, Options, resolve
from sandbox.language_host.plugins import plugin_arguments
from sandbox.language_host.programs import Programs, end, stream


def options_of(info: language_pb2.ProgramInfo) -> Options:
    """The project's options, from what the engine read in Pulumi.yaml."""
    plain: dict[str, Any] = json_format.MessageToDict(info.options)
    return Options.read(plain, info.root_directory, info.program_directory)


@contextlib.contextmanager
def refusals(context: grpc.ServicerContext) -> Iterator[None]:
    """Turn an error that the user can act on into the call's own failure, without a traceback."""
    try:
        yield
    except OptionError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Serves one engine; ``tracing`` and the engine's address are handed on to programs."""

    def __init__(self, engine: str, tracing: str, version: str, programs: Programs) -> None:
        self._engine = engine
        self._tracing = tracing
        self._version = version
        self._programs = programs

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        # The engine downloads what this names before the program runs, even for a package that is installed and
        # never used. What a program does use, the engine finds by itself when the first resource asks for it.
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        with refusals(context):
            options = options_of(request.info)
            listed = packages.installed(resolve(options), options.program, transitive=request.transitiveDependencies)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in listed]
        )

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        with refusals(context):
            options = options_of(request.info)
            interpreter = resolve(options)
        script = "import platform, sys; print(sys.executable); print(platform.python_version())"
        answer = subprocess.run([interpreter.executable, "-c", script], capture_output=True, text=True, check=True)
        executable, version = answer.stdout.split("\n")[:2]
        return language_pb2.AboutResponse(
            executable=executable, version=version, metadata={"toolchain": options.toolchain}
        )

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        with refusals(context):
            options = options_of(request.info)
            for command in install.commands(options):
                with subprocess.Popen(
                    command, cwd=options.program, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                ) as process:
                    context.add_callback(process.terminate)
                    yield from stream(
                        process,
                        lambda chunk: language_pb2.InstallDependenciesResponse(stdout=chunk),
                        lambda chunk: language_pb2.InstallDependenciesResponse(stderr=chunk),
                    )
                if process.returncode != 0:
                    raise OptionError(f"`{' '.join(command)}` failed with exit code {process.returncode}")

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        with refusals(context):
            options = options_of(request.info)
            interpreter = resolve(options)
            arguments = program_arguments(request, self._engine, self._tracing)
        if options.typechecker and (complaint := self._type_errors(options, interpreter)):
            return language_pb2.RunResponse(error=complaint)
        process = self._programs.python(
            interpreter.executable,
            arguments,
            directory=request.pwd,
            environment=program_environment(request, interpreter.environment(os.environ)),
        )
        context.add_callback(lambda: end(process))
        code = self._programs.wait(process)
        if code == REPORTED or self._programs.stopped:
            return language_pb2.RunResponse(bail=True)
        if code < 0:
            return language_pb2.RunResponse(error=f"Program was ended by signal {-code}")
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        with refusals(context):
            interpreter = resolve(options_of(request.info))
            arguments = plugin_arguments(request.kind, Path(request.info.program_directory), list(request.args))
        given = dict(entry.partition("=")[::2] for entry in request.env)
        process = self._programs.python(
            interpreter.executable,
            arguments,
            directory=request.info.program_directory if request.kind == "analyzer" else request.pwd,
            environment=interpreter.environment(given),
            captured=True,
        )
        context.add_callback(lambda: end(process))
        yield from stream(
            process,
            lambda chunk: language_pb2.RunPluginResponse(stdout=chunk),
            lambda chunk: language_pb2.RunPluginResponse(stderr=chunk),
        )
        yield language_pb2.RunPluginResponse(exitcode=self._programs.wait(process))

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._programs.stop()
        return empty_pb2.Empty()

    def _type_errors(self, options: Options, interpreter: Interpreter) -> str:
        """What the project's type checker says; empty where it is content."""
        answer = subprocess.run(
            [interpreter.executable, "-m", options.typechecker, str(options.program)],
            cwd=options.program,
            env=interpreter.environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0:
            return ""
        return f"{options.typechecker} found errors:\n{answer.stdout}{answer.stderr}"
