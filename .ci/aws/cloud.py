"""One environment, `guildhall-prod`, in an emulated cloud: what infra/modules say in Terraform, as calls. Everything that they
read from JSON files is read from the same files here; each role has the policy that it has there, and is held to it.
"""

import base64
import io
import json
import pathlib
import re
import secrets
import urllib.error
import urllib.request
import zipfile

from emulators import ACCOUNT, REGION, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREFIX = "guildhall-prod"
RELEASE = "0123456789ab"
NAMESPACE = "Guildhall/prod"
GROUP = f"{PREFIX}-gamesims"
HOOK = "drain"


def described(name):
    return json.loads((ROOT / "infra" / name).read_text())


def policy(*statements):
    statements = [{"Effect": "Allow", "Action": actions, "Resource": resources, **more} for actions, resources, more in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(**principal):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def bootstrap(binary):
    """A function's zip, as cargo-lambda makes it, but for the compression, which nobody here waits for."""
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap", (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, binary.read_bytes(), zipfile.ZIP_STORED)
    return text.getvalue()


class Cloud:
    """The environment. Its own calls are made by the account's root, which may do everything."""

    def __init__(self, ministack, functions):
        self.ministack, self.binaries = ministack, pathlib.Path(functions)
        self.routes = described("routes.json")["routes"]
        self.stream = described("streams.json")
        self.arns, self.queues = {}, {}
        for service in ("apigatewayv2", "cloudwatch", "dynamodb", "events", "iam", "lambda", "s3", "secretsmanager", "sqs", "sts"):
            setattr(self, service.replace("lambda", "functions"), ministack.client(service))
        self.make_stores()
        self.make_keys()
        self.make_functions()
        self.make_api()
        self.make_callers()
        self.make_events()

    # What holds things.

    def make_stores(self):
        for table in described("tables.json")["tables"]:
            name = f"{PREFIX}-{table['name']}"
            keys = [(table["partition_key"], "HASH"), (table["sort_key"], "RANGE")]
            stream = table["stream_view_type"]
            self.dynamodb.create_table(
                TableName=name, BillingMode=table["billing_mode"],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
                KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
                StreamSpecification={"StreamEnabled": True, "StreamViewType": stream} if stream else {"StreamEnabled": False})
            self.dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": table["ttl_attribute"]})
            self.dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": table["point_in_time_recovery"]})
            described_table = self.dynamodb.describe_table(TableName=name)["Table"]
            self.arns[table["name"]] = described_table["TableArn"]
            if stream:
                self.arns[f"{table['name']}/stream"] = described_table["LatestStreamArn"]
        self.releases, self.sessions = f"{PREFIX}-releases-{ACCOUNT}", f"{PREFIX}-sessions-{ACCOUNT}"
        for bucket in (self.releases, self.sessions):
            self.s3.create_bucket(Bucket=bucket)
        for name in ("dead-letters", "event-dead-letters", "listener"):
            url = self.sqs.create_queue(QueueName=f"{PREFIX}-{name}")["QueueUrl"]
            self.queues[name] = url
            self.arns[name] = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def make_keys(self):
        for variable in sorted({secret for route in self.routes for secret in route["secrets"]}):
            name = f"{PREFIX}-{variable.removeprefix('GUILDHALL_').lower().replace('_', '-')}"
            keys = {"keys": [{"id": "1", "key": base64.b64encode(secrets.token_bytes(32)).decode()}]}
            self.arns[variable] = self.secretsmanager.create_secret(Name=name, SecretString=json.dumps(keys))["ARN"]

    # What runs.

    def role(self, name, trusted, **policies):
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
        for policy_name, text in policies.items():
            self.iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=text)
        return arn

    def make_functions(self):
        endpoints = dict.fromkeys(("DYNAMODB_ENDPOINT", "SECRETS_MANAGER_ENDPOINT", "EVENTBRIDGE_ENDPOINT"), self.ministack.url)
        common = {"GUILDHALL_TABLE_PREFIX": f"{PREFIX}-", "GUILDHALL_GAMESIM_ROLE": f"{PREFIX}-gamesim",
                  "GUILDHALL_OPERATOR_ROLE": f"{PREFIX}-operator", "GUILDHALL_EVENT_BUS": f"{PREFIX}-{self.stream['bus']}", **endpoints}
        forward = {"name": self.stream["function"], "tables": [], "secrets": [], **{
            field: self.stream[field] for field in ("memory_mb", "timeout_s")}}
        for route in [*self.routes, forward]:
            name = f"{PREFIX}-{route['name']}"
            declared = policy(
                (["logs:CreateLogStream", "logs:PutLogEvents"], [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:*"], {}),
                *((grant["actions"], [self.arns[grant["table"]]], {}) for grant in route["tables"]),
                *((["secretsmanager:GetSecretValue"], [self.arns[secret]], {}) for secret in route["secrets"]))
            role = self.role(name, trust(Service="lambda.amazonaws.com"), declared=declared)
            key = f"{RELEASE}/functions/{route['name']}.zip"
            self.s3.put_object(Bucket=self.releases, Key=key, Body=bootstrap(self.binaries / route["name"]))
            made = self.functions.create_function(
                FunctionName=name, Role=role, Runtime="provided.al2023", Handler="bootstrap", MemorySize=route["memory_mb"],
                Timeout=route["timeout_s"], Publish=True, Code={"S3Bucket": self.releases, "S3Key": key},
                Environment={"Variables": {**common, **{f"{secret}_SECRET": self.arns[secret] for secret in route["secrets"]}}})
            alias = self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion=made["Version"])
            self.arns[route["name"]] = alias["AliasArn"]

    def make_api(self):
        self.api_id = self.apigatewayv2.create_api(Name=PREFIX, ProtocolType="HTTP")["ApiId"]
        for route in self.routes:
            alias = self.arns[route["name"]]
            integration = self.apigatewayv2.create_integration(
                ApiId=self.api_id, IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0",
                IntegrationUri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{alias}/invocations")
            self.apigatewayv2.create_route(
                ApiId=self.api_id, RouteKey=f"{route['method']} {route['path']}", Target=f"integrations/{integration['IntegrationId']}",
                AuthorizationType="AWS_IAM" if route["authorization"] == "iam" else "NONE")
            self.functions.add_permission(
                FunctionName=f"{PREFIX}-{route['name']}", Qualifier="live", StatementId="api", Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com", SourceArn=f"{self.execution_arn}/*/*")
        self.apigatewayv2.create_stage(ApiId=self.api_id, StageName="$default", AutoDeploy=True)
        self.url = f"{self.ministack.url}/_aws/execute-api/{self.api_id}"

    @property
    def execution_arn(self):
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.api_id}"

    def make_callers(self):
        def invoke(role):
            return [f"{self.execution_arn}/$default/{route['method']}{re.sub('{[^}]+}', '*', route['path'])}"
                    for route in self.routes if route["role"] == role]

        user = self.iam.create_user(UserName="somebody")["User"]["Arn"]
        key = self.iam.create_access_key(UserName="somebody")["AccessKey"]
        self.somebody = (key["AccessKeyId"], key["SecretAccessKey"], None)
        self.iam.put_user_policy(UserName="somebody", PolicyName="assume", PolicyDocument=policy(
            (["sts:AssumeRole"], [f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-{role}" for role in ("operator", "gamesim")], {}),
            (["sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], [self.arns["dead-letters"]], {})))
        operator = self.role(f"{PREFIX}-operator", trust(AWS=user), call=policy((["execute-api:Invoke"], invoke("operator"), {})))
        bucket = f"arn:aws:s3:::{self.sessions}"
        gamesim = self.role(f"{PREFIX}-gamesim", trust(Service="ec2.amazonaws.com", AWS=user), gamesim=policy(
            (["execute-api:Invoke"], invoke("gamesim"), {}),
            (["s3:GetObject"], [f"{bucket}/checkpoints/*"], {}),
            (["s3:PutObject"], [f"{bucket}/{prefix}/*" for prefix in ("checkpoints", "recordings", "content")], {}),
            (["s3:ListBucket"], [bucket], {}),
            (["cloudwatch:PutMetricData"], ["*"], {"Condition": {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}}),
            (["sqs:SendMessage"], [self.arns["dead-letters"]], {}),
            (["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat", "autoscaling:SetInstanceProtection"],
             ["*"], {})))
        self.role_arns = {"operator": operator, "gamesim": gamesim}

    def assume(self, role, session, keys):
        """The keys of whoever holds a role under a name, taken by the owner of `keys`."""
        answer = self.ministack.client("sts", keys).assume_role(RoleArn=self.role_arns[role], RoleSessionName=session)
        return tuple(answer["Credentials"][field] for field in ("AccessKeyId", "SecretAccessKey", "SessionToken"))

    def make_events(self):
        bus = f"{PREFIX}-{self.stream['bus']}"
        self.arns["bus"] = self.events.create_event_bus(Name=bus)["EventBusArn"]
        tables = [self.arns[f"{table}/stream"] for table in self.stream["tables"]]
        self.iam.put_role_policy(
            RoleName=f"{PREFIX}-{self.stream['function']}", PolicyName="forward", PolicyDocument=policy(
                (["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"], tables, {}),
                (["events:PutEvents"], [self.arns["bus"]], {}), (["sqs:SendMessage"], [self.arns["event-dead-letters"]], {})))
        # Somebody who wants to know, as any consumer would say it.
        self.events.put_rule(Name="listener", EventBusName=bus, EventPattern=json.dumps({"source": ["guildhall"]}))
        self.events.put_targets(Rule="listener", EventBusName=bus, Targets=[{"Id": "queue", "Arn": self.arns["listener"]}])
        self.sqs.set_queue_attributes(QueueUrl=self.queues["listener"], Attributes={"Policy": json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                                                    "Action": "sqs:SendMessage", "Resource": self.arns["listener"]}]})})
        for stream in tables:
            self.functions.create_event_source_mapping(
                EventSourceArn=stream, FunctionName=self.arns[self.stream["function"]], StartingPosition="TRIM_HORIZON",
                BatchSize=self.stream["batch_size"], MaximumBatchingWindowInSeconds=self.stream["batching_window_s"],
                ParallelizationFactor=self.stream["parallelization_factor"],
                MaximumRetryAttempts=self.stream["maximum_retry_attempts"], BisectBatchOnFunctionError=True,
                FunctionResponseTypes=["ReportBatchItemFailures"],
                DestinationConfig={"OnFailure": {"Destination": self.arns["event-dead-letters"]}})

    # What is asked of it.

    def row(self, table, pk, sk):
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        return self.dynamodb.get_item(TableName=f"{PREFIX}-{table}", Key=key, ConsistentRead=True).get("Item")

    def call(self, method, path, body=None, token=None, headers=None):
        """Status and answer of a request over HTTP."""
        request = urllib.request.Request(self.url + path, method=method, headers=dict(headers or {}))
        if body is not None:
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def letters(self, name, seconds, wanted):
        """Bodies of messages that arrive in a queue until `wanted` is satisfied by them."""
        bodies = []

        def look():
            answer = self.sqs.receive_message(QueueUrl=self.queues[name], MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                bodies.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queues[name], ReceiptHandle=message["ReceiptHandle"])
            return wanted(bodies)

        until(f"what was expected in the queue {name}; it had {bodies}", seconds, look)
        return bodies
