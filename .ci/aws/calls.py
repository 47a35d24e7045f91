"""The checks of the product in the emulated cloud, in the order of a life: accounts, content, a game, its traces, what could not be
written, an instance that goes, game sims that die. Each looks at what the cloud holds afterwards.
"""

import json
import shutil
import subprocess
import sys
import time

import emulators
from cloud import GROUP, HOOK, NAMESPACE, PREFIX, ROOT, described
from emulators import REGION, until
from instance import Instance

ROOT_KEYS = ("test", "test", None)
PARTS = ("accounts", "callers", "grants", "content", "characters", "boots", "game", "traces", "scale_in", "dead_letters", "reaper")
PASSWORD = "correct horse battery"
DRAIN_S, LAST_WRITES_S = 3, 3
# A dungeon takes a party a minute and a half; a lease six seconds, and a session waits twenty for a player who has it moved. Where it
# was moved to, its seats wait a minute for their players.
PLAY_S_MAX, ORPHAN_S, FREE_S_MAX = 300, 27, 120


def check(holds, what, *evidence):
    """One thing that was looked at."""
    if not holds:
        sys.exit("\n".join([f"NOT SO: {what}", *map(str, evidence)]))
    print(f"  ok  {what}", flush=True)


def keys_of(keys):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name: value for name, value in zip(names, keys) if value}


class Checks:
    """What all of them share."""

    def __init__(self, cloud, moto, processes, guildhall):
        self.cloud, self.moto, self.processes, self.guildhall = cloud, moto, processes, guildhall
        self.instance = None

    def environment(self, keys, **more):
        return emulators.environment(AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION, **keys_of(keys), **more)

    def run(self, *command, keys=ROOT_KEYS, **more):
        return subprocess.run(command, env=self.environment(keys, **more), cwd=ROOT, capture_output=True, text=True, timeout=PLAY_S_MAX)

    # Accounts, and who may call.

    def accounts(self):
        cloud, words = self.cloud, {"email": "ada@example.com", "password": PASSWORD}
        status, answer = cloud.call("POST", "/v1/auth/register", words)
        row = cloud.row("accounts", "email#ada@example.com", "address")
        check(status == 201 and row["account_id"]["S"] == answer["account_id"],
              "POST /v1/auth/register: the function's binary behind API Gateway writes the account's rows to DynamoDB")
        check(answer["access_token"] not in json.dumps(row) and PASSWORD not in json.dumps(row) and "argon2" in json.dumps(row),
              "the row holds the password's hash")
        status, answer = cloud.call("POST", "/v1/auth/login", words)
        account = cloud.row("accounts", f"account#{answer['account_id']}", "account")
        check(status == 200 and len(account["sessions"]["M"]) == 2, "POST /v1/auth/login: a second login in the account's row")
        check(cloud.call("POST", "/v1/auth/login", {**words, "password": "wrong horse battery"})[0] == 401, "a wrong password: 401")
        self.token = answer["access_token"]

    def callers(self):
        cloud, path = self.cloud, "/internal/gamesims"
        body = {"boot_id": "0" * 32, "capacity": 1, "ports": [7000], "build_version": "x", "connect_key": "A" * 43 + "=",
                "protocol_version": 3, "content_version": "0" * 16}
        check(cloud.call("POST", path, body)[0] == 403, "POST /internal/gamesims without a signature: 403 of the gateway")
        operator = cloud.assume("operator", "ada", cloud.somebody)
        check(self.signed("POST", path, body, operator)[0] == 403, "signed by an operator: 403, because its role may not call that route")
        forged = (operator[0], "x" * 40, operator[2])
        check(self.signed("GET", "/internal/violations?day=2026-11-22", None, forged)[0] == 403, "signed with another secret key: 403")
        status, answer = self.signed("GET", "/internal/violations?day=2026-11-22", None, operator)
        check(status == 200 and "violations" in answer, "GET /internal/violations, signed by an operator: 200")

    def signed(self, method, path, body, keys):
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        data = json.dumps(body).encode() if body is not None else b""
        request = AWSRequest(method, self.cloud.url + path, data=data, headers={"content-type": "application/json"})
        SigV4Auth(Credentials(*keys), "execute-api", REGION).add_auth(request)
        return self.cloud.call(method, path, data or None, headers=dict(request.headers.items()))

    def grants(self):
        cloud, name = self.cloud, f"{PREFIX}-list-characters"
        declared = cloud.iam.get_role_policy(RoleName=name, PolicyName="declared")["PolicyDocument"]
        cut = {**declared, "Statement": [part for part in declared["Statement"] if cloud.arns["characters"] not in part["Resource"]]}
        check(len(cut["Statement"]) == len(declared["Statement"]) - 1, "the role of list-characters names the table of characters")
        cloud.iam.put_role_policy(RoleName=name, PolicyName="declared", PolicyDocument=json.dumps(cut))
        check(cloud.call("GET", "/v1/characters", token=self.token)[0] == 500,
              "without that grant GET /v1/characters fails: roles are judged here")
        cloud.iam.put_role_policy(RoleName=name, PolicyName="declared", PolicyDocument=json.dumps(declared))
        check(cloud.call("GET", "/v1/characters", token=self.token)[0] == 200, "with what routes.json says it answers")

    # Content.

    def content(self):
        cloud = self.cloud
        check(cloud.call("GET", "/health/ready")[0] == 503, "GET /health/ready: 503 without content")
        where = {"GUILDHALL_TABLE_PREFIX": f"{PREFIX}-", "DYNAMODB_ENDPOINT": cloud.ministack.url}
        refused = self.run(self.guildhall, "publish", keys=cloud.somebody, **where)
        check(refused.returncode == 1 and not cloud.row("content", "version", "current"),
              "guildhall publish, by somebody who may not write the table: refused, and nothing is there")
        published = self.run(self.guildhall, "publish", **where)
        row = cloud.row("content", "version", "current")
        check(published.returncode == 0 and row["version"]["S"] in published.stdout, "guildhall publish: its version is in the table")
        status, answer = cloud.call("GET", "/v1/content/manifest")
        check(status == 200 and answer["version"] == row["version"]["S"], "GET /v1/content/manifest: that version")
        check(cloud.call("GET", "/health/ready")[0] == 200, "GET /health/ready: 200")

    def characters(self):
        cloud = self.cloud
        status, answer = cloud.call("POST", "/v1/characters", {"name": "Aldwin", "class": "fighter"}, self.token)
        row = cloud.row("characters", answer["account_id"], answer["character_id"])
        check(status == 201 and row["name"]["S"] == "Aldwin" and cloud.row("characters", "name#aldwin", "name"),
              "POST /v1/characters: the character and its name are in the table")
        path = f"/v1/characters/{answer['character_id']}"
        check(cloud.call("GET", path, token=self.token)[1]["name"] == "Aldwin", "GET /v1/characters/{character_id}: a path parameter")

    # A game.

    def group(self):
        """moto's autoscaling group with one instance, on which the game sim then runs."""
        ec2, autoscaling = self.moto.client("ec2"), self.moto.client("autoscaling")
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData={"ImageId": image, "InstanceType": "c7g.medium"})
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=GROUP, MinSize=1, MaxSize=4, DesiredCapacity=1, AvailabilityZones=[f"{REGION}a"],
            LaunchTemplate={"LaunchTemplateName": GROUP}, NewInstancesProtectedFromScaleIn=False)
        autoscaling.put_lifecycle_hook(AutoScalingGroupName=GROUP, LifecycleHookName=HOOK, DefaultResult="CONTINUE",
                                       LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING")
        self.instance = Instance(self.moto, self.cloud.ministack, GROUP)

    def start_sim(self, name, **more):
        """A game sim's process, with the keys that its instance would have."""
        cloud, scratch = self.cloud, self.processes.scratch
        self.sim_environment = self.environment(
            cloud.assume("gamesim", name, ROOT_KEYS), GUILDHALL_API=cloud.url, GUILDHALL_GAMESIM_BIND="127.0.0.1", GUILDHALL_GAMESIM_SHARDS="1",
            GUILDHALL_DRAIN_S=str(DRAIN_S), GUILDHALL_LAST_WRITES_S=str(LAST_WRITES_S), GUILDHALL_LOG_FORMAT="json",
            GUILDHALL_DEAD_LETTERS=str(scratch / f"{name}.letters"), CHECKPOINT_BUCKET=cloud.sessions, S3_ENDPOINT=cloud.ministack.url,
            CLOUDWATCH_NAMESPACE=NAMESPACE, CLOUDWATCH_ENDPOINT=cloud.ministack.url, **more)
        process = self.processes.start(name, [self.guildhall, "sim"], self.sim_environment)
        until(f"{name} is registered\n{self.processes.log(name)}", 30, lambda: self.boot(name))
        return process

    def boot(self, name):
        return self.cloud.row("gamesims", "fleet", f"{name}#{1:020}")

    def play(self, name):
        return self.processes.start(name, [self.guildhall, "play", self.cloud.url], emulators.environment(PARTY_PASSWORD=PASSWORD))

    def session_of(self, name, state):
        """A session of a game sim in this state, once there is one."""
        def look():
            items = self.cloud.dynamodb.scan(TableName=f"{PREFIX}-sessions", ConsistentRead=True)["Items"]
            return next((item for item in items if (item["gamesim_id"]["S"], item["state"]["S"]) == (name, state)), None)

        return until(f"a session of {name} is {state}\n{self.processes.log(name)}", 60, look)

    def boots(self):
        self.group()
        sim = self.instance.id
        self.sim = self.start_sim(sim, EC2_METADATA_ENDPOINT=self.instance.url, AUTOSCALING_GROUP=GROUP,
                                  AUTOSCALING_LIFECYCLE_HOOK=HOOK, AUTOSCALING_ENDPOINT=self.instance.url)
        boot = self.boot(sim)
        check(boot["state"]["S"] == "ready" and boot["content_version"] == self.cloud.row("content", "version", "current")["version"],
              "a game sim's process registers by signed calls: its row is in the table, under its instance's id")

    def game(self):
        sim, party = self.instance.id, self.play("party")
        session = self.session_of(sim, "active")
        self.session_id = session["pk"]["S"]
        check(len(session["seats"]["L"]) == 4, "guildhall play: a party of four has seats in a session on it")
        until("the instance is protected", 30, lambda: self.instance.state()["ProtectedFromScaleIn"])
        check(True, "SetInstanceProtection: moto's group protects the instance while the session lives")
        check(party.wait(PLAY_S_MAX) == 0, "over UDP the party clears its dungeon")
        session = until("the session has ended", 30, lambda: self.ended(self.session_id))
        check(session["outcome"]["S"] == "cleared", "its row says so")
        rows = self.cloud.dynamodb.scan(TableName=f"{PREFIX}-characters")["Items"]
        played = [row for row in rows if row.get("last_write", {}).get("M", {}).get("session_id", {}).get("S") == self.session_id]
        check(len(played) == 4 and all(int(row["xp"]["N"]) > 0 and "lease" not in row for row in played),
              "four characters are stored with what they won, and are free again")

    def ended(self, session_id):
        row = self.cloud.row("sessions", session_id, "session")
        return row if row["state"]["S"] == "ended" else None

    def traces(self):
        cloud, sim = self.cloud, self.instance.id
        keys = {entry["Key"] for entry in cloud.s3.list_objects_v2(Bucket=cloud.sessions)["Contents"]}
        checkpoint = next((key for key in keys if key.startswith(f"checkpoints/{sim}/1/")), None)
        check(checkpoint and cloud.s3.get_object(Bucket=cloud.sessions, Key=checkpoint)["Body"].read(), "S3 holds the shard's checkpoint")
        version = cloud.row("content", "version", "current")["version"]["S"]
        check({f"recordings/{self.session_id}/1/0", f"content/{version}"} <= keys, "S3 holds the session's recording and its content")
        replayed = self.run(self.guildhall, "replay", self.session_id, CHECKPOINT_BUCKET=cloud.sessions, S3_ENDPOINT=cloud.ministack.url)
        check(replayed.returncode == 0 and "identical" in replayed.stdout, "guildhall replay reads it from S3 and reaches the same states")
        chunks = cloud.dynamodb.query(TableName=f"{PREFIX}-events", KeyConditionExpression="pk = :session",
                                      ExpressionAttributeValues={":session": {"S": self.session_id}})["Items"]
        check(chunks, f"the table of events holds {len(chunks)} chunks of its combat log")
        self.metrics()
        self.told()

    def metrics(self):
        def points(name):
            now = time.time()
            answer = self.cloud.cloudwatch.get_metric_statistics(
                Namespace=NAMESPACE, MetricName=name, Dimensions=[{"Name": "Fleet", "Value": "main"}], Period=60, StartTime=now - 900,
                EndTime=now + 60, Statistics=["Maximum", "SampleCount"])
            return answer["Datapoints"]

        until("ActiveGameSessions in CloudWatch", 90, lambda: any(point["Maximum"] == 1 for point in points("ActiveGameSessions")))
        check(True, f"PutMetricData: CloudWatch has ActiveGameSessions with one session, in {NAMESPACE}")
        names = [described("scaling.json")[field] for field in ("metric_name", "queue_metric_name")]
        check(all(points(name) for name in [*names, "FreePlaces", "GamesimCapacity", "QueueWaitSeconds"]),
              "and the other metrics that alarms and scaling read")
        elsewhere = self.cloud.ministack.client("cloudwatch", self.cloud.assume("gamesim", "another", ROOT_KEYS))
        try:
            elsewhere.put_metric_data(Namespace="Guildhall/dev", MetricData=[{"MetricName": "ActiveGameSessions", "Value": 1}])
            check(False, "a game sim's role publishes to no other environment's namespace")
        except elsewhere.exceptions.ClientError as refused:
            check("AccessDenied" in refused.response["Error"]["Code"], "a game sim's role publishes to no other environment's namespace")

    def told(self):
        def all_of_it(events):
            of_session = {event["detail-type"] for event in events if event["detail"].get("subject") == f"session/{self.session_id}"}
            return {"session.started", "session.ended"} <= of_session

        events = self.cloud.letters("listener", 30, all_of_it)
        kinds = {event["detail-type"] for event in events}
        catalogue = json.dumps(described("events.json"))
        check(kinds and all(f'"{kind}"' in catalogue for kind in kinds) and {event["source"] for event in events} == {"guildhall"},
              f"DynamoDB's streams, forward-events and EventBridge told a rule's queue of {len(events)} events: {', '.join(sorted(kinds))}")
        ids = [event["detail"]["id"] for event in events]
        check(len(ids) == len(set(ids)), "none of them twice")

    # What could not be written, and an instance that goes.

    def scale_in(self):
        cloud, sim = self.cloud, self.instance.id
        party = self.play("second-party")
        session = self.session_of(sim, "active")
        until("progress", 60, lambda: any(
            row.get("last_write", {}).get("M", {}).get("session_id", {}).get("S") == session["pk"]["S"]
            for row in cloud.dynamodb.scan(TableName=f"{PREFIX}-characters")["Items"]))
        # The database refuses the one function; the rest of the API goes on.
        self.declared = cloud.iam.get_role_policy(RoleName=f"{PREFIX}-save-progress", PolicyName="declared")["PolicyDocument"]
        cloud.iam.delete_role_policy(RoleName=f"{PREFIX}-save-progress", PolicyName="declared")
        time.sleep(3)
        self.moto.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=sim, ShouldDecrementDesiredCapacity=False)
        ended = self.sim.wait(60)
        party.terminate()
        check(ended == 1 and "kept as dead letters" in self.processes.log(sim),
              "an instance that is taken out of moto's group: the game sim hears it, drains, and ends saying what it could not write",
              self.processes.log(sim))
        complete = self.instance.done("CompleteLifecycleAction")
        check(complete == [{"Action": "CompleteLifecycleAction", "Version": "2011-01-01", "AutoScalingGroupName": GROUP, "InstanceId": sim,
                            "LifecycleHookName": HOOK, "LifecycleActionResult": "CONTINUE"}] and self.instance.done("RecordLifecycleActionHeartbeat"),
              "RecordLifecycleActionHeartbeat and CompleteLifecycleAction: ministack took their signatures and the role", self.instance.calls)
        print("  --  skipped: that the group goes on after CompleteLifecycleAction; neither emulator models lifecycle states")
        check(self.boot(sim)["state"]["S"] in ("draining", "gone"), "its row says that it has drained", self.boot(sim))

    def dead_letters(self):
        cloud, sim, scratch = self.cloud, self.instance.id, self.processes.scratch
        file = scratch / f"{sim}.letters"
        letters = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        check(letters and all(letter["reason"] == "abandoned" for letter in letters),
              f"while save-progress could not reach the database, {len(letters)} groups became dead letters on the disk", self.processes.log(sim))
        shutil.copy(file, scratch / "copy.letters")
        shipped = self.run(ROOT / "infra/modules/fleet/ship-dead-letters", keys=cloud.assume("gamesim", sim, ROOT_KEYS),
                           GUILDHALL_DEAD_LETTERS=str(file), DEAD_LETTER_QUEUE=cloud.queues["dead-letters"], DEAD_LETTER_SETTLE_S="0",
                           AWS_ENDPOINT_URL=cloud.ministack.url)
        check(shipped.returncode == 0 and self.waiting() == len(letters) and not file.exists(),
              "ship-dead-letters, with the game sim's role: all of them are in the SQS queue, none on the disk", shipped, self.waiting())
        self.redrive(letters)

    def waiting(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.cloud.sqs.get_queue_attributes(QueueUrl=self.cloud.queues["dead-letters"], AttributeNames=names)
        return sum(int(number) for number in answer["Attributes"].values())

    def redrive(self, letters):
        cloud = self.cloud

        def redrive(*words):
            return self.run(sys.executable, ROOT / "infra/redrive", "prod", *words, keys=cloud.somebody, GUILDHALL_API=cloud.url,
                            AWS_ENDPOINT_URL=cloud.ministack.url)

        refused = redrive()
        check(refused.returncode == 1 and self.waiting() == len(letters) and "unavailable" in refused.stdout,
              "infra/redrive prod, while the function still fails: every letter stays in the queue", refused)
        cloud.iam.put_role_policy(RoleName=f"{PREFIX}-save-progress", PolicyName="declared", PolicyDocument=json.dumps(self.declared))
        done = redrive()
        check(done.returncode == 0 and self.waiting() == 0 and done.stdout.count("applied") == len(letters),
              "infra/redrive prod: all are written, and the queue is empty", done)
        # The last write of each character is what counts.
        writes = sorted((write for letter in letters for write in letter["group"]["writes"]), key=lambda write: write["seq"])
        for write in {write["character_id"]: write for write in writes}.values():
            row = cloud.row("characters", write["account_id"], write["character_id"])
            check(int(row["version"]["N"]) == write["base_version"] + 1 and int(row["xp"]["N"]) == write["hot"]["xp"],
                  f"character {row['name']['S']} is stored as its letter says, one version on", row, write)
        copy = self.processes.scratch / "copy.letters"
        again = redrive(str(copy))
        check(again.returncode == 0 and again.stdout.count("duplicate") == len(letters) and not copy.read_text(),
              "infra/redrive prod FILE, the same letters once more: known as duplicates, and the file is empty", again)
        stale = {**letters[0], "session_epoch": letters[0]["session_epoch"] + 1}
        copy.write_text(json.dumps(stale) + "\n")
        fenced = redrive(str(copy))
        check(fenced.returncode == 1 and "fenced" in fenced.stdout and json.loads(copy.read_text()) == stale,
              "a letter whose lease is over is fenced, and stays", fenced)
        check(redrive(str(copy), "--forget-fenced").returncode == 0 and not copy.read_text(), "--forget-fenced drops it")

    # Game sims that die.

    def reaper(self):
        cloud, name, other = self.cloud, "by-hand", "by-hand-too"
        sim = self.start_sim(name)
        party = self.play("third-party")
        session = self.session_of(name, "active")
        sim.kill()
        party.kill()
        sim.wait(), party.wait()
        self.start_sim(other)
        time.sleep(ORPHAN_S)
        event = json.dumps(described("reap-event.json")).replace("assumed-role/guildhall-operator/", f"assumed-role/{PREFIX}-operator/")
        role = cloud.role(f"{PREFIX}-scheduler", json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "scheduler.amazonaws.com"}}]}),
            reap=json.dumps({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [cloud.arns["reap-fleet"]]}]}))
        cloud.role_arns["scheduler"] = role
        scheduler = cloud.ministack.client("lambda", cloud.assume("scheduler", "schedule", ROOT_KEYS))
        answer = scheduler.invoke(FunctionName=cloud.arns["reap-fleet"], Payload=event)
        status = json.loads(answer["Payload"].read())["statusCode"]
        row = cloud.row("sessions", session["pk"]["S"], "session")
        check(status == 200 and row["gamesim_id"]["S"] == other,
              "infra/reap-event.json, by the scheduler's role: the session of a killed game sim is placed on another one", status, row)
        seats = [seat["S"].split()[:2] for seat in session["seats"]["L"]]
        until(f"its characters are free\n{self.processes.log(other)}", FREE_S_MAX,
              lambda: all("lease" not in cloud.row("characters", account, character) for character, account in seats))
        check(True, "nobody comes back to it: it ends there, and its characters are free")
        print("  --  skipped: the schedule itself; the event is handed to the function as EventBridge Scheduler would")

    def all(self, *chosen):
        for part in chosen or PARTS:
            print(f"== {part.replace('_', ' ')}", flush=True)
            getattr(self, part)()

    def stop(self):
        if self.instance:
            self.instance.stop()
