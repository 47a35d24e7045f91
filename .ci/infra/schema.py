"""The AWS provider's schema, read from the bindings that are generated from it.

The provider itself comes from Terraform's registry alone, which is not within everybody's reach. The npm package
@cdktf/provider-aws is: its files carry their TypeScript sources, and those say of each argument what it is called, which type
it has, whether it is a block, and whether it is computed, optional or required. What they do not say (which arguments are
sensitive, exclude each other or have few values) is not checked here.
"""

import base64
import json
import re
import tarfile
from functools import cached_property

PROVIDER_FOLDER = "provider"
SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
# What a getter of the bindings asks for, as a Terraform type.
GETTERS = [
    (re.compile(r"getStringAttribute"), "string"),
    (re.compile(r"getNumberAttribute"), "number"),
    (re.compile(r"getBooleanAttribute"), "bool"),
    (re.compile(r"tolist\(this\.getListAttribute"), ["set", "string"]),
    (re.compile(r"getNumberListAttribute|tolist\(this\.getNumberList"), ["list", "number"]),
    (re.compile(r"getListAttribute"), ["list", "string"]),
    (re.compile(r"getStringMapAttribute"), ["map", "string"]),
    (re.compile(r"getNumberMapAttribute"), ["map", "number"]),
    (re.compile(r"getBooleanMapAttribute"), ["map", "bool"]),
    (re.compile(r"new cdktf\.StringMap\("), ["map", "string"]),
    (re.compile(r"new cdktf\.StringMapList\("), ["list", ["map", "string"]]),
]
CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}\n", re.M | re.S)
MEMBER = re.compile(
    r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(.*?)(?=^  // \w+ - computed: |\Z)", re.M | re.S)
HCL_FUNCTION = re.compile(r"^export function (\w+)ToHclTerraform\(.*?\n\}\n", re.M | re.S)
HCL_ATTRIBUTE = re.compile(
    r"^ +(\w+): \{\n +value: (.*),\n +isBlock: (true|false),\n +type: \"(\w+)\",\n +storageClassType: \"(\w+)\",\n", re.M)


def schema(package, types):
    """The blocks of these types ("resource.aws_x", "data.aws_x", "provider"), from the npm package's file. A type that does
    not exist is left out."""
    wanted = {folder(kind): kind for kind in types}
    found = {}
    with tarfile.open(package) as archive:
        for member in archive:
            parts = member.name.split("/")
            if parts[1] == "lib" and parts[-1] == "index.js" and parts[2] in wanted:
                found[wanted[parts[2]]] = Module(archive.extractfile(member).read().decode()).block()
    return found


def folder(kind):
    """The package's folder for a type."""
    if kind == "provider":
        return PROVIDER_FOLDER
    origin, name = kind.split(".", 1)
    return (f"data-{name}" if origin == "data" else name.removeprefix("aws_")).replace("_", "-")


class Module:
    """One file of the bindings: a resource, a data source or the provider."""

    def __init__(self, script):
        encoded = re.search(r"^//# sourceMappingURL=data:application/json;base64,(\S+)", script, re.M).group(1)
        self.source = json.loads(base64.b64decode(encoded))["sourcesContent"][0]

    @cached_property
    def classes(self):
        """Each class's kind and body."""
        return {name: (parent, body) for name, parent, body in CLASS.findall(self.source)}

    @cached_property
    def configurable(self):
        """For each struct, and for the resource itself, what the bindings write of each argument into HCL."""
        described = {}
        for match in HCL_FUNCTION.finditer(self.source):
            described[match.group(1).lower()] = HCL_ATTRIBUTE.findall(match.group(0))
        return described

    def block(self):
        roots = ("TerraformResource", "TerraformDataSource", "TerraformProvider")
        body = next(body for parent, body in self.classes.values() if parent in roots)
        own = re.search(r"synthesizeHclAttributes\(\).*", body, re.S).group(0)
        return self.describe(body, HCL_ATTRIBUTE.findall(own))

    def describe(self, body, arguments):
        """The attributes and blocks of one class."""
        written = {name: rest for name, *rest in arguments}
        result = {"attributes": {}, "blocks": {}}
        for name, computed, optional, required, code in MEMBER.findall(body):
            said = {"computed": computed, "optional": optional, "required": required}
            flags = {key for key, value in said.items() if value == "true"}
            if name in written:
                self.add_argument(result, name, flags, *written[name])
            else:
                result["attributes"][name] = {"flags": sorted(flags), "type": self.computed_type(code)}
        return result

    def add_argument(self, result, name, flags, value, is_block, kind, storage):
        if is_block == "true" and kind in ("list", "set", "struct"):
            nested = self.nested(storage)
            single = kind == "list" and "Mapper" not in value
            result["blocks"][name] = {
                "nesting": "single" if kind == "struct" else kind, "min": int("required" in flags and kind != "struct"),
                "max": int(single), "block": nested}
        elif (simple := plain(kind, storage)) is not None:
            attribute = {"flags": sorted(flags), "type": simple}
            if name.endswith("_wo"):
                attribute["write_only"] = True
            result["attributes"][name] = attribute
        else:
            nesting = {"struct": "single"}.get(kind, kind)
            result["attributes"][name] = {"flags": sorted(flags), "nesting": nesting, "nested": self.nested(storage)}

    def nested(self, storage):
        """What a struct of the bindings consists of."""
        names = [storage.removesuffix(end) for end in ("List", "Map", "")]
        name = next(name for name in names if name.lower() in self.configurable)
        arguments = self.configurable[name.lower()]
        if name + "OutputReference" in self.classes:
            return self.describe(self.classes[name + "OutputReference"][1], arguments)
        # Nothing can be read back from a provider, so its structs have no class, and nothing tells what they require.
        result = {"attributes": {}, "blocks": {}}
        for argument, *rest in arguments:
            self.add_argument(result, argument, {"optional"}, *rest)
        return result

    def computed_type(self, code):
        """The type of what only the provider sets."""
        for pattern, found in GETTERS:
            if pattern.search(code):
                return found
        name, is_set = re.search(r"new (\w+)\(this, \"\w+\"(, true)?", code).groups()
        struct = next(name.removesuffix(end) for end in ("List", "Map", "OutputReference") if name.endswith(end))
        fields = self.describe(self.classes[struct + "OutputReference"][1], self.configurable.get(struct.lower(), []))
        inner = ["object", {key: value["type"] for key, value in fields["attributes"].items() if "type" in value}]
        if name.endswith("OutputReference"):
            return inner
        return ["map" if name.endswith("Map") else "set" if is_set else "list", inner]


def plain(kind, storage):
    """The Terraform type of an argument that is no struct, or `None`."""
    if storage in SIMPLE:
        return SIMPLE[storage]
    for end in ("List", "Map"):
        if storage.endswith(end) and (inner := plain("list", storage.removesuffix(end))):
            return ["set" if kind == "set" else end.lower(), inner]
    return None
