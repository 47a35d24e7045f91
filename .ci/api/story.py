"""Goes the way of a player, an operator and a game sim through every operation of docs/openapi.yaml, with a success at each.

What exists at the end is forgotten; hooks.py begins anew.
"""

import base64
import sys
import time

from world import PASSWORD, World

ITEMS = [("chain-mail", 1), ("iron-sword", 1), ("healing-potion", 5), ("goblin-ear", 3)]


def varint(number):
    """A number in groups of seven bits, lowest first, as postcard has it."""
    groups = []
    while number >= 128:
        groups.append(number % 128 | 128)
        number //= 128
    return bytes([*groups, number])


def intents(world, token, character):
    """Every intent once, each on the version that the one before left."""
    inventory = [{"item": item, "quantity": quantity} for item, quantity in ITEMS]
    sheet = world.play(token, character, inventory)
    for operation, body in [
        ("change-hitpoints", {"delta": -1}),
        ("change-currency", {"delta": 5}),
        ("equip-armor", {"item": "chain-mail"}),
        ("equip-weapon", {"item": "iron-sword"}),
        ("use-item", {"slot": 0}),
        ("split-items", {"slot": 0, "quantity": 1}),
        ("move-item", {"from_slot": 0, "to_slot": 1}),
        ("merge-items", {"from_slot": 2, "to_slot": 1}),
        ("learn-skill", {"skill": "athletics"}),
        ("raise-ability", {"ability": "strength"}),
        ("unequip-weapon", {"item": "iron-sword"}),
        ("unequip-armor", {"item": "chain-mail"}),
    ]:
        body["version"] = sheet["version"]
        sheet = world.do(operation, 200, body, token=token, character_id=sheet["character_id"])
    stale = world.do("change-hitpoints", 409, {"version": 1, "delta": 1}, token=token, character_id=sheet["character_id"])
    assert stale["error"]["code"] == "version_conflict" and stale["character"] == sheet, stale


def sessions(world, token, friend):
    mine, theirs = world.character(token), world.character(friend)
    world.gamesim_epoch()
    body = {"character_id": mine["character_id"], "dungeon_id": "goblin-warren"}
    session = world.do("create-game-session", 201, body, token=token)["game_session"]["session_id"]
    world.do("join-game-session", 200, {"character_id": theirs["character_id"]}, token=friend, session_id=session)
    # The format, the time, and that somebody respawned.
    log = bytes([1]) + varint(int(time.time() * 1_000)) + bytes([0, 0, 6, 0])
    chunk = {"first_number": 0, "chunk": base64.b64encode(log).decode(), "session_epoch": 1}
    chunk["gamesim_epoch"] = world.gamesim_epoch()
    assert world.do("save-events", 200, chunk, signed=world.gamesim, session_id=session) == {"events": 1}
    told = world.do("list-events", 200, token=friend, session_id=session, query={"limit": 10})
    assert told["events"][0]["deed"] == {"player_respawned": {"seat": 0}}, told
    assert world.do("inspect-events", 200, signed=world.operator, session_id=session)["events"] == told["events"]
    after = {"after": told["next_cursor"]}
    assert world.do("list-events", 200, token=token, session_id=session, query=after)["events"] == []
    world.do("list-violations", 200, signed=world.operator, query={"day": "2026-01-31"})
    seats = world.do("get-game-session", 200, token=friend, session_id=session)["seats"]
    assert [seat["name"] for seat in seats] == [mine["name"], theirs["name"]], seats
    held = {"version": mine["version"], "delta": -1}
    world.do("change-hitpoints", 409, held, token=token, character_id=mine["character_id"])


def parties(world):
    """Two who are seated at once; and one who waits in vain, because the only game sim drains."""
    leader, companion = (world.player()["access_token"] for _ in range(2))
    one, other = world.character(leader), world.character(companion)
    world.gamesim_epoch()
    ticket = world.do("issue-companion-ticket", 200, {"character_id": other["character_id"]}, token=companion)["ticket"]
    body = {"character_id": one["character_id"], "dungeon_id": "goblin-warren", "companions": [ticket]}
    session = world.do("create-game-session", 201, body, token=leader)["game_session"]
    assert len(session["seats"]) == 2, session
    load = {"sessions": 1, "players": 2, "tick_lateness_p99_us": 0, "unsaved_changes": 0}
    beat = {"epoch": world.gamesim_epoch(), "state": "draining", "load": load}
    assert len(world.do("heartbeat-gamesim", 200, beat, signed=world.gamesim, gamesim_id="by-hand")["sessions"]) == 2
    token = world.player()["access_token"]
    body = {"character_id": world.character(token)["character_id"], "dungeon_id": "goblin-warren"}
    ticket = world.do("create-game-session", 202, body, token=token, key="waiting")["placement_ticket"]["ticket_id"]
    assert world.do("poll-placement-ticket", 200, token=token, ticket_id=ticket)["placement_ticket"]["position"] == 1
    world.do("cancel-placement-ticket", 200, token=token, ticket_id=ticket)
    world.do("reap-fleet", 200, {}, signed=world.operator)


def takeover(world):
    """A game sim dies with a session and boots anew; the session is placed on the new boot, which takes it over."""
    token = world.player()["access_token"]
    character = world.character(token)
    who = {"character_id": character["character_id"], "account_id": character["account_id"]}
    world.epoch = None
    of = {"gamesim_epoch": world.gamesim_epoch(), "session_epoch": 1}
    body = {"character_id": character["character_id"], "dungeon_id": "goblin-warren"}
    session = world.do("create-game-session", 201, body, token=token)["game_session"]["session_id"]
    world.do("admit-player", 200, of | who | {"seat": 0}, signed=world.gamesim, session_id=session)
    world.epoch = None
    of = {"gamesim_epoch": world.gamesim_epoch(), "session_epoch": 2}
    world.do("join-game-session", 200, {"character_id": character["character_id"]}, token=token, session_id=session)
    taken = world.do("recover-game-session", 200, of, signed=world.gamesim, session_id=session)
    assert taken["admitted"]["resume"]["before"][0]["session_epoch"] == 1, taken
    world.do("finalize-game-session", 200, of | {"outcome": "failed"}, signed=world.gamesim, session_id=session)


def content(world):
    for kind, entries in world.do("get-content-manifest", 200)["kinds"].items():
        for name in entries:
            world.do("get-content-entry", 200, kind=kind, id=name)


def ways_out(world, player):
    token = world.do("login-account", 200, {"email": player["email"], "password": PASSWORD})
    token = world.do("refresh-token", 200, {"refresh_token": token["refresh_token"]})["access_token"]
    body = {"old_password": PASSWORD, "new_password": "battery staple"}
    token = world.do("change-password", 200, body, token=token)["access_token"]
    world.do("login-account", 401, {"email": player["email"], "password": PASSWORD})
    world.do("ban-account", 200, signed=world.operator, account_id=player["account_id"])
    world.do("list-characters", 401, token=token)
    world.do("unban-account", 200, signed=world.operator, account_id=player["account_id"])
    login = {"email": player["email"], "password": "battery staple"}
    token = world.do("login-account", 200, login)["access_token"]
    world.do("logout-account", 200, {"everywhere": True}, token=token)
    token = world.do("login-account", 200, login)["access_token"]
    world.do("delete-account", 200, {"password": "battery staple"}, token=token)
    world.do("login-account", 401, login)


def main():
    world = World()
    for operation in ["check-live", "check-ready", "get-content"]:
        world.do(operation, 200)
    content(world)
    player, friend = world.player(), world.player()
    token = player["access_token"]
    character = world.character(token)
    path = {"character_id": character["character_id"]}
    intents(world, token, character)
    sessions(world, token, friend["access_token"])
    parties(world)
    takeover(world)
    world.do("delete-character", 200, token=token, **path)
    assert len(world.do("list-characters", 200, token=token, query={"include_deleted": "true"})["characters"]) == 2
    world.do("restore-character", 200, token=token, **path)
    ways_out(world, player)
    page = world.do("get-metrics", 200)
    missed = [name for name in world.operations if f'route="{name}",class="2xx"}}' not in page]
    # What serves the page counts itself afterwards.
    missed = [name for name in missed if name != "get-metrics"]
    if missed:
        sys.exit(f"no success of {', '.join(missed)}")
    print(f"a success of each of {len(world.operations)} operations, all as described")


main()
