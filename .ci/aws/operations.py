"""The commands of docs/OPERATIONS.md: every block of it is run here as it stands there, with what stands in capitals filled in, or is
named here with the reason why it cannot be. One that is neither fails, and so does an entry here that the page has no more.
"""

import json
import subprocess
import sys
import time

from calls import ROOT_KEYS, check
from cloud import GROUP, PREFIX, ROOT
from emulators import REGION

PAGE = ROOT / "docs/OPERATIONS.md"
COMMANDS = ("aws", "cargo", "git", "guildhall", "infra/", "make", "terraform")

# What cannot be run, by a text that its block has.
LEFT = {
    "\nmake deploy ENV=prod\n": "builds for ARM; .ci/infra/scripts runs infra/deploy with tools that write down what they are asked",
    "RELEASE=0123456789ab": "the same; here ministack gives code that has not changed a version of its own, and no shift of moto's ends",
    "guildhall play": "the check `game` runs it, with a game sim that lives",
    "cargo lambda build": "needs the libraries of another architecture",
    "cargo lambda watch": "compiles a function for minutes; it was tried by hand, and tests/tidy holds its routes to ROUTES",
    "rollback-instance-refresh": "neither emulator knows the call",
    "--forget-fenced": "the check `dead letters` runs both, with letters of its own",
    "-replace=": "Terraform alone; its stand-in would answer whatever it is asked",
}

TERRAFORM = """#!/bin/sh
# Stands in for Terraform, whose provider cannot be had everywhere: what infra/ says in it, .ci/aws/cloud.py has done.
echo "terraform $*" >>"$TERRAFORM_LOG"
"""


def blocks():
    """Each block's text, and the heading that it is under."""
    found, heading, block = [], None, None
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        if block is None:
            heading = line[3:] if line.startswith("## ") else heading
            if line == "```sh":
                block = []
            elif line.startswith("    ") and line.split()[0].startswith(COMMANDS):
                sys.exit(f"{PAGE.name}:{number}: a command outside a block that is marked as `sh`")
        elif line == "```":
            found.append((heading, "\n".join(block) + "\n"))
            block = None
        else:
            block.append(line)
    return found


def planned():
    """The blocks that are run and those that are not, with how and why."""
    runs, left, unused = [], [], set(LEFT) | set(RUN)
    for heading, text in blocks():
        keys = [key for key in (*LEFT, *RUN) if key in f"\n{text}"]
        if len(keys) != 1:
            sys.exit(f"{PAGE.name}, {heading}: {keys or 'no entry'} in .ci/aws/operations.py for this block:\n{text}")
        unused.discard(keys[0])
        (left if keys[0] in LEFT else runs).append((heading, text, keys[0]))
    if unused:
        sys.exit(f".ci/aws/operations.py names blocks that {PAGE.name} lacks: {sorted(unused)}")
    return runs, left


class Operations:
    """Somebody at a terminal, in a copy of the tree, with the keys of the account."""

    def __init__(self, checks):
        self.checks, self.cloud, self.moto = checks, checks.cloud, checks.moto
        self.scratch = checks.processes.scratch
        self.repo, self.bin = self.scratch / "repo", self.scratch / "bin"
        self.copy_tree()
        self.stand_in()
        self.furnish()

    def copy_tree(self):
        names = subprocess.run(["git", "ls-files", "-z", "Makefile", "Cargo.toml", "Cargo.lock", "*/Cargo.toml", "infra", "seed-data", "*/src/lib.rs",
                                "*/main.rs", "*/src/bin/*", "tests/*.rs"],
                               cwd=ROOT, capture_output=True, check=True).stdout.decode().strip("\0").split("\0")
        for name in names:
            place = self.repo / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((ROOT / name).read_bytes())
            place.chmod((ROOT / name).stat().st_mode)

    def stand_in(self):
        self.bin.mkdir()
        (self.bin / "terraform").write_text(TERRAFORM)
        (self.bin / "terraform").chmod(0o755)
        (self.bin / "guildhall").symlink_to(self.checks.guildhall)
        function = self.scratch / "target/lambda/get-content"
        function.mkdir(parents=True)
        (function / "bootstrap").write_bytes((self.cloud.binaries / "get-content").read_bytes())

    def furnish(self):
        """What commands ask about and no check has made."""
        self.moto.client("codedeploy").create_application(applicationName=f"{PREFIX}-functions", computePlatform="Lambda")
        own = self.cloud.ministack.client("autoscaling")
        own.create_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=0, MaxSize=1, AvailabilityZones=[f"{REGION}a"])
        own.start_instance_refresh(AutoScalingGroupName=GROUP)
        self.alarm = f"{PREFIX}-dead-letters"
        self.cloud.cloudwatch.put_metric_alarm(AlarmName=self.alarm, Namespace="Guildhall/prod", MetricName="DeadLetters", Period=60, Threshold=0,
                                               EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", Statistic="Sum")
        self.cloud.cloudwatch.set_alarm_state(AlarmName=self.alarm, StateValue="ALARM", StateReason="a check")
        now = int(time.time() * 1000)
        lines = {"/aws/apigateway/guildhall-prod": {"routeKey": "GET /v1/content", "status": 503, "error": "-"},
                 "/aws/lambda/guildhall-prod-get-content": {"level": "ERROR", "message": "an error of a check"},
                 "/guildhall/guildhall-prod/gamesims": {"level": "INFO", "message": "a line of a game sim"}}
        logs = self.cloud.ministack.client("logs")
        for group, line in lines.items():
            try:
                logs.create_log_group(logGroupName=group)
            except logs.exceptions.ResourceAlreadyExistsException:
                pass
            logs.create_log_stream(logGroupName=group, logStreamName="check")
            logs.put_log_events(logGroupName=group, logStreamName="check", logEvents=[{"timestamp": now, "message": json.dumps(line)}])

    # How a block is run.

    def instance_id(self):
        groups = self.moto.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
        return groups[0]["Instances"][0]["InstanceId"]

    def rows(self, table):
        items = self.cloud.dynamodb.scan(TableName=f"{PREFIX}-{table}", ConsistentRead=True)["Items"]
        return sorted(json.dumps(item, sort_keys=True) for item in items)

    def character(self):
        return next(row for row in map(json.loads, self.rows("characters")) if row["sk"]["S"] != "name" and "lease" not in row)

    def run(self, text, filled):
        for word, value in filled.items():
            if word not in text:
                sys.exit(f"nothing to fill in for {word} in:\n{text}")
            text = text.replace(word, value)
        emulated = self.cloud.ministack.url
        environment = self.checks.environment(
            ROOT_KEYS, AWS_ENDPOINT_URL=emulated, AWS_ENDPOINT_URL_AUTO_SCALING=self.checks.instance.url, AWS_ENDPOINT_URL_EC2=self.moto.url,
            AWS_ENDPOINT_URL_CODEDEPLOY=self.moto.url, DYNAMODB_ENDPOINT=emulated, GUILDHALL_API=self.cloud.url, AWS_PAGER="",
            GUILDHALL_CONTENT=str(self.repo / "seed-data"), TERRAFORM_LOG=str(self.scratch / "terraform.log"), APPROVE="1",
            CARGO_TARGET_DIR=str(self.scratch / "target"))
        environment["PATH"] = f"{self.bin}:{environment['PATH']}"
        ran = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.repo, env=environment, capture_output=True, text=True, timeout=300)
        if ran.returncode:
            sys.exit(f"NOT SO: this runs:\n{text}\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def all(self):
        runs, left = planned()
        print("== commands of docs/OPERATIONS.md", flush=True)
        for heading, text, key in runs:
            before, filled, look = RUN[key](self)
            out = self.run(text, filled)
            said = look(before, out)
            check(said, f"{heading}: {said or text}", out)
        for heading, text, key in left:
            print(f"  --  skipped: {heading}, {' '.join(text.split()[:4])} …: {LEFT[key]}")

    # What each block does: what was so before, what is to be filled in, and what has to be so afterwards.

    def progress(self):
        return None, {}, lambda _, out: '"InstanceRefreshes"' in out and '"deployments"' in out and "shifts and refreshes are listed"

    def deploy_one(self):
        def look(before, _):
            alias = self.alias()
            status, answer = self.cloud.call("GET", "/v1/content/manifest")
            return alias != before and status == 200 and f"cargo lambda deploy: the alias moves from version {before} to {alias}, which answers"

        return self.alias(), {"guildhall-dev-": f"{PREFIX}-"}, look

    def alias(self):
        return self.cloud.functions.get_alias(FunctionName=f"{PREFIX}-get-content", Name="live")["FunctionVersion"]

    def publish(self):
        return self.cloud.row("content", "version", "current"), {"us-east-1": REGION}, lambda before, out: (
            before["version"]["S"] in out and self.cloud.row("content", "version", "current")["version"] == before["version"]
            and "the same content is in force under the same version")

    def point_alias(self):
        return self.alias(), {"VERSION=6": "VERSION=1"}, lambda before, out: self.alias() == "1" and "the alias is at the version before"

    def drain(self):
        sim = self.instance_id()
        return sim, {"i-0123456789abcdef0": sim}, lambda before, out: (
            self.instance_id() != before and "the instance is out of moto's group, and another has taken its place")

    def end_at_once(self):
        sim = self.instance_id()

        def look(before, _):
            state = self.moto.client("ec2").describe_instances(InstanceIds=[before])["Reservations"][0]["Instances"][0]["State"]["Name"]
            return state in ("shutting-down", "terminated") and "the instance is terminated"

        return sim, {"i-0123456789abcdef0": sim}, look

    def launch(self):
        def look(_, __):
            actions = self.moto.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=GROUP)["ScheduledUpdateGroupActions"]
            return [action["MinSize"] for action in actions] == [60] and "the group has a scheduled action with that minimum"

        return None, {}, look

    def redrive(self):
        return None, {}, lambda _, out: out == "0 done, 0 left\n" and "an empty queue has nothing to redrive"

    def rotate(self):
        def keys():
            return json.loads(self.cloud.secretsmanager.get_secret_value(SecretId=f"{PREFIX}-access-key")["SecretString"])["keys"]

        return keys(), {}, lambda before, out: [key["id"] for key in keys()] == ["2"] and keys()[0]["key"] != before[0]["key"] and (
            keys()[0]["key"] not in out) and "Secrets Manager holds the second key alone"

    def restore(self):
        def look(before, _):
            return self.rows("characters-restored") == before and f"another table has all {len(before)} rows"

        return self.rows("characters"), {"2027-01-06T17:29:00Z": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, look

    def copy_row(self):
        row = self.character()
        broken = {**row, "xp": {"N": "0"}, "version": {"N": str(int(row["version"]["N"]) + 3)}}
        self.cloud.dynamodb.put_item(TableName=f"{PREFIX}-characters", Item=broken)
        return row, {"ACCOUNT": row["pk"]["S"], "CHARACTER": row["sk"]["S"]}, lambda before, out: (
            self.cloud.row("characters", before["pk"]["S"], before["sk"]["S"]) == before and "a row that was spoiled is as it was")

    def close(self):
        def look(_, __):
            stage = self.cloud.apigatewayv2.get_stage(ApiId=self.cloud.api_id, StageName="$default")
            return stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 0 and "the stage lets nothing through"

        return None, {}, look

    def replace(self):
        def look(before, _):
            said = (self.scratch / "terraform.log").read_text()
            return self.rows("characters") == before and "state rm" in said and "import module.guildhall.module.tables" in said and (
                "the table has been replaced by its restored copy, row by row")

        return self.rows("characters"), {}, look

    def ringing(self):
        return None, {}, lambda _, out: self.alarm in out and "what rings is listed"

    def requests(self):
        return None, {}, lambda _, out: '"status": "Complete"' in out and "the query of the access log completes"

    def function_log(self):
        return None, {}, lambda _, out: "an error of a check" in out and "a function's errors are shown"

    def throttles(self):
        # A minute ago, because the command asks until this very second.
        minute_ago = time.time() - 60
        self.cloud.cloudwatch.put_metric_data(Namespace="AWS/DynamoDB", MetricData=[{
            "MetricName": "ThrottledRequests", "Dimensions": [{"Name": "TableName", "Value": f"{PREFIX}-characters"}], "Timestamp": minute_ago, "Value": 7}])
        return None, {}, lambda _, out: '"Sum": 7.0' in out and "a table's throttles are shown"

    def fleet(self):
        return None, {"i-0123456789abcdef0": self.instance_id()}, lambda _, out: (
            '"Activities"' in out and "a line of a game sim" in out and "activities, the fleet's log and a console are shown")

    def queue(self):
        self.cloud.sqs.send_message(QueueUrl=self.cloud.queues["dead-letters"], MessageBody="a letter of a check")
        return None, {}, lambda _, out: "a letter of a check" in out and "a letter is shown"


RUN = {
    "list-deployments": Operations.progress,
    "cargo lambda deploy": Operations.deploy_one,
    "guildhall publish": Operations.publish,
    "update-alias": Operations.point_alias,
    "terminate-instance-in-auto-scaling-group": Operations.drain,
    "ec2 terminate-instances": Operations.end_at_once,
    "put-scheduled-update-group-action": Operations.launch,
    "infra/redrive prod\n": Operations.redrive,
    "infra/rotate-keys": Operations.rotate,
    "restore-table-to-point-in-time": Operations.restore,
    "then.json": Operations.copy_row,
    "update-stage": Operations.close,
    "create-backup": Operations.replace,
    "describe-alarms": Operations.ringing,
    "start-query": Operations.requests,
    "--filter-pattern ERROR": Operations.function_log,
    "ThrottledRequests": Operations.throttles,
    "describe-scaling-activities": Operations.fleet,
    "sqs receive-message": Operations.queue,
}
