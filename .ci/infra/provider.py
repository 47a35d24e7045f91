"""Stand-ins for the providers `aws` and `random`: they know every type and argument, and nothing of the cloud.

    provider.py NPM-PACKAGE FOLDER...

reads the schema of the types that the folders' Terraform files use, serves it over Terraform's plugin protocol on two sockets,
prints what TF_REATTACH_PROVIDERS has to be, and goes on until its standard input ends. Terraform then does all that it does
itself: it checks blocks, arguments, types and references, and `terraform test` makes up the rest (`mock_provider`). Only
`ephemeral "random_password"` is done for real, because Terraform mocks no ephemeral resources.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import secrets
import string
import sys
import tempfile

import grpc
import msgpack

import schema

sys.path.insert(0, os.path.dirname(__file__))
messages, services = grpc.protos_and_services("tfplugin6.proto")

NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}
ARN = re.compile(r"arn:[\w-]+:[\w-]+:([a-z]{2}(-[a-z]+)+-\d)?:(\d{12}|aws)?:.+")
USE = re.compile(r'^\s*(resource|data)\s+"(aws_\w+)"', re.M)
RANDOM_PASSWORD = {
    "attributes": {
        "length": {"flags": ["required"], "type": "number"},
        **{name: {"flags": ["optional", "computed"], "type": "bool"} for name in ("special", "upper", "lower", "numeric")},
        "result": {"flags": ["computed"], "type": "string", "sensitive": True},
    },
    "blocks": {},
}
EMPTY = {"attributes": {}, "blocks": {}}


def attribute(name, described):
    message = messages.Schema.Attribute(
        name=name, write_only=described.get("write_only", False), sensitive=described.get("sensitive", False))
    for flag in described["flags"]:
        setattr(message, flag, True)
    if "nested" in described:
        nested = described["nested"]
        fields = [attribute(*item) for item in nested["attributes"].items()]
        # Inside an attribute there are no blocks: what the bindings call one is an attribute too.
        for key, value in nested["blocks"].items():
            flags = ["required" if value["min"] else "optional"]
            fields.append(attribute(key, {"flags": flags, "nesting": value["nesting"], "nested": value["block"]}))
        message.nested_type.CopyFrom(messages.Schema.Object(attributes=fields, nesting=NESTING[described["nesting"]]))
    else:
        message.type = json.dumps(described["type"]).encode()
    return message


def block(described):
    return messages.Schema.Block(
        attributes=[attribute(*item) for item in described["attributes"].items()],
        block_types=[
            messages.Schema.NestedBlock(
                type_name=name, block=block(inner["block"]), nesting=NESTING[inner["nesting"]],
                min_items=inner["min"], max_items=inner["max"])
            for name, inner in described["blocks"].items()])


def root(described):
    return messages.Schema(block=block(described))


def mistakes(described, value):
    """What a provider refuses and Terraform does not: attributes that cannot be set, and ARNs that are none."""
    if not isinstance(value, dict):
        return
    for name, attribute in described["attributes"].items():
        found = value.get(name)
        if attribute["flags"] == ["computed"] and found is not None:
            yield "Value for unconfigurable attribute", f"{name} is set by the provider."
        elif re.search(r"(^|_)arns?$", name):
            for text in found if isinstance(found, list) else [found]:
                if isinstance(text, str) and not ARN.match(text):
                    yield "Invalid ARN", f"{name}: {text} is no ARN."
    for name, inner in described["blocks"].items():
        within = value.get(name)
        for item in within if isinstance(within, list) else [within]:
            yield from mistakes(inner["block"], item)


class Provider(services.ProviderServicer):
    """Answers with a schema, and refuses plain mistakes."""

    def __init__(self, schemas, blocks):
        self.schemas, self.blocks = schemas, blocks

    def GetProviderSchema(self, request, context):
        return self.schemas

    def ValidateProviderConfig(self, request, context):
        return messages.Nothing()

    ConfigureProvider = CloseEphemeralResource = StopProvider = ValidateProviderConfig

    def ValidateResourceConfig(self, request, context):
        config = msgpack.unpackb(request.config.msgpack)
        described = self.blocks.get(f"resource.{request.type_name}", EMPTY)
        return messages.Verdict(diagnostics=[
            messages.Diagnostic(severity=1, summary=summary, detail=f"{request.type_name}: {detail}")
            for summary, detail in mistakes(described, config)])

    def ValidateDataResourceConfig(self, request, context):
        return messages.Verdict()

    ValidateEphemeralResourceConfig = ValidateDataResourceConfig

    def OpenEphemeralResource(self, request, context):
        config = msgpack.unpackb(request.config.msgpack)
        alphabet = string.ascii_letters + string.digits
        config["result"] = "".join(secrets.choice(alphabet) for _ in range(config["length"]))
        return messages.Opened(result=messages.DynamicValue(msgpack=msgpack.packb(config)))


def aws(package, folders):
    """The schemas of the types that the folders use, as messages and as they were read."""
    files = [file for folder in folders for file in pathlib.Path(folder).rglob("*.tf")]
    uses = {f"{kind}.{name}" for file in files for kind, name in USE.findall(file.read_text())}
    blocks = schema.schema(package, uses | {"provider"})
    schemas = {origin: {kind.split(".")[1]: root(value) for kind, value in blocks.items() if kind.startswith(origin + ".")}
               for origin in ("resource", "data")}
    return messages.Schemas(
        provider=root(blocks["provider"]), resource_schemas=schemas["resource"], data_source_schemas=schemas["data"]), blocks


def serve(provider, socket):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=4))
    services.add_ProviderServicer_to_server(provider, server)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    return server


def main(package, *folders):
    random = messages.Schemas(provider=root(EMPTY), ephemeral_resource_schemas={"random_password": root(RANDOM_PASSWORD)})
    providers = {"aws": Provider(*aws(package, folders)), "random": Provider(random, {})}
    with tempfile.TemporaryDirectory() as scratch:
        reattach, servers = {}, []
        for name, provider in providers.items():
            socket = f"{scratch}/{name}"
            servers.append(serve(provider, socket))
            reattach[f"hashicorp/{name}"] = {
                "Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True,
                "Addr": {"Network": "unix", "String": socket}}
        print(json.dumps(reattach), flush=True)
        sys.stdin.read()
        for server in servers:
            server.stop(0).wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
