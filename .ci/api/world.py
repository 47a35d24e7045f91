"""What the check of the API has to do with: a running stack, the document that describes it, and things that exist there.

Every call goes through `World.do`, which holds the answer to docs/openapi.yaml. Nothing here makes anything up.
"""

import datetime
import hashlib
import hmac
import os
import pathlib
import time
import urllib.parse

import requests.auth
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PASSWORD = "correct horse"
# What game sims and the functions must agree on; shared/protocol has it.
PROTOCOL_VERSION = 3


class Signed(requests.auth.AuthBase):
    """Signs requests as AWS does (Signature Version 4), with the keys in a file that the stack has written."""

    def __init__(self, path):
        keys = dict(line.split("=", 1) for line in path.read_text().split())
        self.region, self.key, self.secret = keys["AWS_REGION"], keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]

    def __call__(self, request):
        url = urllib.parse.urlsplit(request.url)
        at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{at[:8]}/{self.region}/execute-api/aws4_request"
        body = request.body or b""
        digest = hashlib.sha256(body if isinstance(body, bytes) else body.encode()).hexdigest()
        # The path is encoded once more, as for every service but S3.
        path = urllib.parse.quote(url.path or "/", safe="/-_.~")
        query = "&".join(sorted(url.query.split("&"))) if url.query else ""
        canonical = f"{request.method}\n{path}\n{query}\nhost:{url.netloc}\nx-amz-date:{at}\n\nhost;x-amz-date\n{digest}"
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        request.headers["X-Amz-Date"] = at
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
        )
        return request


class World:
    """A stack, a player on it, and what that player has."""

    def __init__(self):
        data = pathlib.Path(os.environ["CHECK_API_DATA"])
        self.url = os.environ["CHECK_API_URL"]
        self.operator, self.gamesim = Signed(data / "operator.env"), Signed(data / "gamesim.env")
        schema = openapi.from_path(ROOT / "docs/openapi.yaml")
        self.operations = {
            operation.ok().definition.raw["operationId"]: operation.ok() for operation in schema.get_all_operations()
        }
        self.content_version = None
        # Whether a call is this world's own, and not one that was made up.
        self.calling = False
        self.drawn = 0
        # The epoch of this program's game sim, while it is alive, and when that was last confirmed.
        self.epoch, self.beaten = None, 0.0

    def do(self, operation, status, body=None, signed=None, token=None, query=None, key=None, **path):
        """Calls an operation, holds the answer to the document, insists on its status (unless it is None), and gives its JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        parts = {} if body is None else {"body": body, "media_type": "application/json"}
        case = self.operations[operation].Case(path_parameters=path, headers=headers, query=query or {}, **parts)
        self.calling = True
        try:
            for _ in range(3):
                answer = case.call(base_url=self.url, **({"auth": signed} if signed else {}))
                if answer.status_code != 429 or status == 429:
                    break
                time.sleep(int(answer.headers["retry-after"][0]))
            case.validate_response(answer, checks=CHECKS)
        finally:
            self.calling = False
        if status not in (None, answer.status_code):
            raise AssertionError(f"{operation} answers {answer.status_code} and not {status}: {answer.text[:400]}")
        return answer.json() if answer.headers.get("content-type") == ["application/json"] else answer.text

    def name(self, word):
        """A name that nothing has yet."""
        self.drawn += 1
        letters = "abcdefghij"
        return word + "".join(letters[int(digit)] for digit in f"{os.getpid() % 1000}{self.drawn}")

    def player(self):
        """A new account; what register answers, and its address."""
        email = f"{self.name('player')}@example.com"
        return self.do("register-account", 201, {"email": email, "password": PASSWORD}) | {"email": email}

    def character(self, token, **more):
        return self.do("create-character", 201, {"name": self.name("Hero"), "class": "fighter", **more}, token=token)

    def gamesim_epoch(self):
        """The epoch of this program's game sim, the only one of the stack, which is made sure to be alive."""
        self.content_version = self.content_version or self.do("get-content-manifest", 200)["version"]
        if self.epoch is None or not self.is_alive():
            body = {
                "ports": [4000], "capacity": 1000, "build_version": "check", "protocol_version": PROTOCOL_VERSION,
                "content_version": self.content_version, "connect_key": "A" * 43 + "=",
                "boot_id": self.name("boot"),
            }
            self.epoch = self.do("register-gamesim", 201, body, signed=self.gamesim)["epoch"]
            self.beaten = time.monotonic()
        return self.epoch

    def is_alive(self):
        """Says so to the registry, unless it has just been said."""
        if time.monotonic() < self.beaten + 1.5:
            return True
        load = {"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0}
        body = {"epoch": self.epoch, "state": "ready", "load": load}
        answer = self.do("heartbeat-gamesim", None, body, signed=self.gamesim, gamesim_id="by-hand")
        self.beaten = time.monotonic()
        return "error" not in answer

    def play(self, token, character, inventory):
        """Takes a character through a session of this program's game sim, from which it comes at level 4 with an inventory."""
        epoch = self.gamesim_epoch()
        body = {"character_id": character["character_id"], "dungeon_id": "goblin-warren"}
        session = self.do("create-game-session", 201, body, token=token)["game_session"]["session_id"]
        of = {"gamesim_epoch": epoch, "session_epoch": 1}
        who = {"character_id": character["character_id"], "account_id": character["account_id"]}
        admitted = self.do("admit-player", 200, of | who | {"seat": 0}, signed=self.gamesim, session_id=session)
        version = admitted["character"]["version"]
        hot = {"level": 4, "xp": 800, "hp": 50, "hp_max": 169, "gold": 100, "inventory": inventory, "dungeons_cleared": 1}
        write = who | {"seq": 1, "base_version": version, "hot": hot, "release": True}
        body = of | {"groups": [{"writes": [write]}]}
        saved = self.do("save-progress", 200, body, signed=self.gamesim, session_id=session)
        assert saved == {"groups": ["applied"]}, saved
        self.do("finalize-game-session", 200, of | {"outcome": "cleared"}, signed=self.gamesim, session_id=session)
        return self.do("get-character", 200, token=token, character_id=character["character_id"])
