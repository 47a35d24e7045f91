"""Guildhall's own rules about infra/, read from the HCL itself, without Terraform.

    rules.py FOLDER

prints each offence as FILE:LINE: WHAT and ends with 1 if there is one. The rules: no wildcard in what a role may do, nothing
public that need not be, nothing untagged, no secret that Terraform would keep, environments that only differ in their
settings, and routes that agree with the code and the tables.
"""

import json
import pathlib
import re
import sys

import hcl2

TAGS = {"Project", "Environment"}
BLOCKED = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
# Arguments that hold a secret and are kept in the state, and types that are one.
KEPT = {"secret_string", "secret_binary", "password", "master_password", "private_key", "auth_token"}
KEPT_TYPES = {"random_password", "tls_private_key", "aws_iam_access_key", "aws_iam_user", "aws_key_pair"}
SECRET_NAME = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN)$", re.I)
ACTIONS = re.compile(r"""['"]?Action['"]?\s*[:=]\s*(\[[^\]]*\]|['"][^'"]*['"])""")
RESOURCES = re.compile(r"""['"]?Resource['"]?\s*[:=]\s*(\[[^\]]*\]|['"][^'"]*['"])""")
WORDS = re.compile(r"""['"]([^'"]*)['"]""")


class Block:
    """One block of a file, with its labels joined: `resource`, `aws_s3_bucket.this`."""

    def __init__(self, file, kind, labels, body):
        self.file, self.kind, self.labels, self.body = file, kind, labels, body
        self.line = body.get("__start_line__", 1)

    @property
    def type(self):
        return self.labels.split(".")[0]

    def value(self, name):
        """An argument as it was written, without the parser's list around it."""
        found = self.body.get(name)
        return found[0] if isinstance(found, list) and len(found) == 1 else found

    def text(self):
        return json.dumps(self.body).replace("\\\\", "\\").replace("\\'", "'").replace('\\"', '"')

    def says(self, what):
        return f"{self.file}:{self.line}: {self.labels}: {what}"


def blocks(folder):
    """Every block of every Terraform file below a folder."""
    for file in sorted(folder.rglob("*.tf")):
        if ".terraform" in file.parts:
            continue
        with file.open() as text:
            parsed = hcl2.load(text)
        for kind, items in parsed.items():
            for item in items:
                yield from named(file, kind, (), item)


def named(file, kind, labels, item):
    """Labels are nested objects."""
    depth = {"resource": 2, "data": 2, "ephemeral": 2, "locals": 0, "terraform": 0}.get(kind, 1)
    if len(labels) == depth:
        yield Block(file, kind, ".".join(labels) or kind, item)
    else:
        for label, inner in item.items():
            yield from named(file, kind, (*labels, label), inner)


def statements(block):
    """The statements of the policies in a block: each begins with its effect, and its neighbours' do not reach into it."""
    text = block.text()
    starts = [match.start() for match in re.finditer(r"""['"]?Effect['"]?\s*[:=]""", text)]
    for start, end in zip(starts, starts[1:] + [len(text)]):
        yield text[start:end]


def wildcards(found):
    """A role may do what is named, to what is named."""
    for block in found:
        if block.type == "aws_iam_policy_document":
            yield block.says("policies are written with jsonencode, which tests can read")
        if block.type.endswith("policy_attachment"):
            yield block.says("a managed policy allows what it likes; write down what is needed")
        for statement in statements(block):
            if re.match(r"""['"]?Effect['"]?\s*[:=]\s*['"]Deny""", statement):
                continue
            for action in [word for group in ACTIONS.findall(statement) for word in WORDS.findall(group)]:
                if "*" in action:
                    yield block.says(f"a wildcard action: {action}")
            for resource in [word for group in RESOURCES.findall(statement) for word in WORDS.findall(group)]:
                if resource == "*" and "Condition" not in statement:
                    yield block.says("a wildcard resource without a condition")
            if re.search(r"""['"]?(Principal|AWS)['"]?\s*[:=]\s*\[?['"]\*""", statement):
                yield block.says("a principal that is anybody")
            if re.search(r"""['"]?Not(Action|Resource|Principal)['"]?\s*[:=]""", statement):
                yield block.says("a statement that names what it leaves out")


def exposure(found):
    """Nothing is public but the API, the distribution and the game's ports."""
    closed = {file_folder(block) for block in found if block.type == "aws_s3_bucket_public_access_block"
              and all(block.value(name) is True for name in BLOCKED)}
    for block in found:
        if block.type == "aws_s3_bucket" and block.kind == "resource" and file_folder(block) not in closed:
            yield block.says("a bucket whose public access is not blocked")
        if block.type in ("aws_s3_bucket_acl", "aws_s3_bucket_website_configuration"):
            yield block.says("a bucket for everybody")
        if block.type == "aws_lambda_function_url":
            yield block.says("a second way to a function, past the API")
        if block.type == "aws_lambda_permission" and (block.value("principal") == "*" or not block.value("source_arn")):
            yield block.says("a function that more than one caller may invoke")
        if block.type == "aws_vpc_security_group_ingress_rule" and block.value("ip_protocol") != "udp":
            yield block.says("only datagrams come in")
        inline = block.type == "aws_security_group" and {"ingress", "egress"} & set(block.body)
        if inline or block.type == "aws_security_group_rule":
            yield block.says("rules of a group are resources of their own")
        if "allow-all" in block.text() and "viewer_protocol_policy" in block.text():
            yield block.says("content without TLS")
        if block.type == "aws_launch_template" and '"http_tokens": ["required"]' not in block.text():
            yield block.says("metadata for whoever asks")


def file_folder(block):
    return pathlib.Path(block.file).parent


def tagging(found):
    """Whatever can have tags has the project's and the environment's."""
    for block in found:
        text = block.text()
        tagged = all(f'"{word}"' in text for word in TAGS | {"default_tags"})
        if block.kind == "provider" and block.labels == "aws" and not tagged:
            yield block.says(f"default_tags without {' and '.join(sorted(TAGS))}")
        if block.type == "aws_autoscaling_group" and "propagate_at_launch" not in text:
            yield block.says("instances without tags: a group's do not come from the provider")
        if block.type == "aws_launch_template" and "tag_specifications" not in text:
            yield block.says("instances and volumes without tags")


def secrets(found):
    """Terraform keeps no secret: it makes them as ephemeral values and hands them on in write-only arguments."""
    for block in found:
        if block.kind == "resource" and block.type in KEPT_TYPES:
            yield block.says("its secret would be in the state")
        if block.kind == "data" and block.type in ("aws_secretsmanager_secret_version", "aws_kms_secrets"):
            yield block.says("what is read here is kept in the state")
        if block.kind == "resource":
            for name in KEPT & set(block.body):
                yield block.says(f"{name} is kept in the state; use {name}_wo")
            if block.type == "aws_ssm_parameter" and "value" in block.body and "SecureString" in block.text():
                yield block.says("value is kept in the state; use value_wo")
        if block.type == "aws_lambda_function":
            for name in re.findall(r"""\b([A-Z][A-Z0-9_]+)['"]?\s*[:=]""", block.text()):
                if SECRET_NAME.search(name) and not name.endswith("_SECRET"):
                    yield block.says(f"{name} would be in the function's environment and in the state")
        given = block.kind == "variable" and re.search(r"(_key|secret|password|token)$", block.labels)
        if given and block.value("ephemeral") is not True:
            yield block.says("a secret that is given has to be ephemeral")


def waivers(folder):
    """A check that is passed over says why."""
    for file in sorted(folder.rglob("*.tf")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if "checkov:skip" in line and not re.search(r"checkov:skip=CKV2?_AWS_\d+: ?\S.{20,}", line):
                yield f"{file}:{number}: a waiver without a reason"


def environments(folder):
    """Environments are one module each, and differ in what they pass in."""
    envs = sorted((folder / "envs").glob("*/main.tf"))
    for main in envs:
        name, found = main.parent.name, list(blocks(main.parent))
        text = main.read_text()
        for block in found:
            if block.kind in ("resource", "data"):
                yield block.says("an environment has nothing of its own; put it into the module that all share")
            if block.kind == "module" and block.value("source") != "../../modules/environment":
                yield block.says("every environment is modules/environment and nothing else")
        for wanted in (f'environment     = "{name}"', f'key          = "guildhall/{name}.tfstate"', f'Environment = "{name}"'):
            if wanted not in text:
                yield f"{main}:1: {name} lacks `{' '.join(wanted.split())}`"
        for shared in ("variables.tf", "outputs.tf"):
            if (main.parent / shared).read_text() != (envs[0].parent / shared).read_text():
                yield f"{main.parent / shared}:1: differs from {envs[0].parent.name}'s"


def routes(folder, root):
    """infra/routes.json names functions that exist, tables that exist, and actions one by one."""
    file = folder / "routes.json"
    if not file.exists():
        return
    listed = json.loads(file.read_text())["routes"]
    tables = {table["name"] for table in json.loads((root / "infra/tables.json").read_text())["tables"]}
    streams = root / "infra/streams.json"
    others = {json.loads(streams.read_text())["function"]} if streams.exists() else set()
    binaries = {path.stem for path in (root / "functions/src/bin").glob("*.rs")} - others
    names = [route["name"] for route in listed]
    for name in sorted(binaries ^ set(names)):
        yield f"{file}:1: {name} is a binary or a route, but not both"
    for key in (lambda route: route["name"], lambda route: (route["method"], route["path"])):
        keys = [key(route) for route in listed]
        for twice in sorted({str(value) for value in keys if keys.count(value) > 1}):
            yield f"{file}:1: {twice} is there twice"
    for route in listed:
        if (route["authorization"] == "iam") != (route["role"] in ("gamesim", "operator")):
            yield f"{file}:1: {route['name']}: whoever signs has a role, and nobody else"
        if (route["authorization"] == "iam") != route["path"].startswith("/internal/"):
            yield f"{file}:1: {route['name']}: what lives under /internal is signed, and nothing else is"
        for grant in route["tables"]:
            if grant["table"] not in tables:
                yield f"{file}:1: {route['name']}: there is no table {grant['table']}"
            for action in grant["actions"]:
                if not re.fullmatch(r"dynamodb:((Get|Put|Update|Delete|ConditionCheck)Item|Query)", action):
                    yield f"{file}:1: {route['name']}: {action} is nothing for a route"


def check(folder, root):
    """Every offence below a folder that looks like infra/."""
    found = list(blocks(folder))
    for rule in (wildcards, exposure, tagging, secrets):
        yield from rule(found)
    yield from waivers(folder)
    yield from environments(folder)
    yield from routes(folder, root)


def main(folder):
    offences = list(check(pathlib.Path(folder), pathlib.Path(__file__).parents[2]))
    for offence in offences:
        print(offence)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
