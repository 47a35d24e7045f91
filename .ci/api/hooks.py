"""Gives schemathesis' made-up requests something to hit: each second one names things that exist (the player's characters,
their versions, a living session, the right password), so that sequences come about and the routes are tried behind their
doors too. The other half goes out as it was made up.
"""

import random

import schemathesis
from world import PASSWORD, World

world = World()
chance = random.Random(1)
ITEMS = ["chain-mail", "iron-sword", "healing-potion", "goblin-ear"]


class Living:
    """What exists and is this run's own. A player who has been logged out, or has too many characters, gives way to another."""

    def __init__(self):
        self.renew()
        self.bystander = world.player()["account_id"]
        self.kinds = world.do("get-content-manifest", 200)["kinds"]

    def renew(self):
        self.player = world.player()
        self.token = self.player["access_token"]
        self.refresh_token = self.player["refresh_token"]
        sheets = [world.character(self.token) for _ in range(3)]
        inventory = [{"item": item, "quantity": 1 + 3 * (number > 1)} for number, item in enumerate(ITEMS)]
        sheets[0] = world.play(self.token, sheets[0], inventory)
        # The first two are for intents, the last one plays.
        self.versions = {sheet["character_id"]: sheet["version"] for sheet in sheets[:2]}
        self.playing = sheets[2]["character_id"]
        self.session = "0" * 32

    def learn(self, answer):
        """Takes what an answer says of what exists."""
        if answer.get("character_id") in self.versions:
            self.versions[answer["character_id"]] = answer["version"]
        if "game_session" in answer:
            self.session = answer["game_session"]["session_id"]
        if "refresh_token" in answer and answer["account_id"] == self.player["account_id"]:
            self.token, self.refresh_token = answer["access_token"], answer["refresh_token"]

    def values(self, operation):
        """What a field or a path parameter of that name should say."""
        own = operation.startswith(("create-game", "join", "admit", "save"))
        # The first has things to wear and to use.
        first, *others = self.versions
        character = self.playing if own else chance.choice([first, first, *others])
        kind = chance.choice(list(self.kinds))
        return {
            "character_id": character,
            "session_id": self.session,
            "account_id": self.bystander if "ban-" in operation else self.player["account_id"],
            "gamesim_id": "by-hand",
            "kind": kind,
            "id": chance.choice(list(self.kinds[kind])),
            "version": self.versions.get(character, 1),
            "name": world.name("Made"),
            "class": chance.choice(["fighter", "cleric", "ranger"]),
            "dungeon_id": "goblin-warren",
            "item": chance.choice(ITEMS),
            "skill": chance.choice(["athletics", "history"]),
            "delta": chance.choice([-1, 1]),
            **{slot: chance.randrange(4) for slot in ["slot", "from_slot", "to_slot"]},
            "quantity": 1,
            "email": self.player["email"],
            "password": PASSWORD,
            "old_password": PASSWORD,
            "new_password": PASSWORD,
            "refresh_token": self.refresh_token,
            "gamesim_epoch": world.gamesim_epoch(),
            "epoch": world.gamesim_epoch(),
            "session_epoch": 1,
            "seat": 0,
        }


living = Living()


def enliven(value, values):
    """The same value with what exists in the place of what was made up."""
    if isinstance(value, dict):
        return {name: values.get(name, enliven(inner, values)) for name, inner in value.items()}
    if isinstance(value, list):
        return [enliven(item, values) for item in value]
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw["operationId"]
    if not world.calling:
        # Somebody must be there to play with.
        world.gamesim_epoch()
    if world.calling or chance.random() < 0.5 or operation == "register-account":
        return
    values = living.values(operation)
    if operation == "create-character":
        values.pop("version")
    case.path_parameters = enliven(case.path_parameters or {}, values)
    case.body = enliven(case.body, values)


@schemathesis.hook
def after_call(context, case, response):
    if world.calling:
        return
    operation = case.operation.definition.raw["operationId"]
    if operation.endswith("-gamesim"):
        # Whatever it was told, it may be another one than it was.
        world.epoch = None
    used = (response.request.headers.get("Authorization") or "").endswith(living.token)
    full = operation == "create-character" and response.status_code == 409
    gone = operation == "delete-character" and response.status_code == 200
    if used and (response.status_code == 401 or full or gone):
        living.renew()
    elif response.status_code < 300 and response.headers.get("content-type") == ["application/json"]:
        living.learn(response.json())


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/v1/")
class Bearer:
    def get(self, case, context):
        return living.token

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


schemathesis.auth.set_from_requests(world.operator).apply_to(path_regex="^/internal/(accounts|violations)")
schemathesis.auth.set_from_requests(world.gamesim).apply_to(path_regex="^/internal/game")
