# The fleet follows infra/scaling.json, and a game sim may do what it needs and no more.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { id = "sessions", arn = "arn:aws:s3:::sessions" }
  }
  mock_resource "aws_autoscaling_group" {
    defaults = { arn = "arn:aws:autoscaling:eu-north-1:123456789012:autoScalingGroup:1:autoScalingGroupName/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-north-1:123456789012:queue", url = "https://queue.test/1" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-north-1:123456789012:log-group:mocked" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/guildhall-test-gamesim" }
  }
}

variables {
  prefix              = "guildhall-test"
  tags                = { Project = "guildhall", Environment = "test" }
  aws                 = { partition = "aws", region = "eu-north-1", account_id = "123456789012" }
  releases            = { name = "releases", arn = "arn:aws:s3:::releases" }
  operator_principals = []
  release             = "r1"
  release_sha256      = "00000000000000000000000000000000000000000000000000000000000000ff"
  instance_type       = "c7g.large"
  size                = {}
  subnet_ids          = ["subnet-a", "subnet-b"]
  security_group_id   = "sg-1"
  game_ports          = { first = 7000, last = 7063 }
  api_url             = "https://api.test"
  invoke_arns         = ["arn:aws:execute-api:eu-north-1:123456789012:api123/$default/POST/internal/gamesims"]
  metric_namespace    = "Guildhall/test"
  traces              = {}
  bucket_name         = "sessions"
  force_destroy       = false
  log_retention_days  = 7
  rollback_alarms     = ["guildhall-test-api-5xx"]
}

run "scaling" {
  command = apply

  assert {
    condition = jsonencode({
      gamesims_min          = aws_autoscaling_group.this.min_size
      gamesims_max          = aws_autoscaling_group.this.max_size
      warmup_s              = aws_autoscaling_group.this.default_instance_warmup
      lifecycle_heartbeat_s = one(aws_autoscaling_group.this.initial_lifecycle_hook).heartbeat_timeout
      target_sessions       = aws_autoscaling_policy.demand.target_tracking_configuration[0].target_value
      metric_expression     = one([for metric in aws_autoscaling_policy.demand.target_tracking_configuration[0].customized_metric_specification[0].metrics : metric.expression if metric.return_data])
      }) == jsonencode({ for name, value in jsondecode(file("../../scaling.json")) : name => value if contains(
    ["gamesims_min", "gamesims_max", "warmup_s", "lifecycle_heartbeat_s", "target_sessions", "metric_expression"], name) })
    error_message = "The group and its policy say what infra/scaling.json says."
  }

  assert {
    condition = { for metric in aws_autoscaling_policy.demand.target_tracking_configuration[0].customized_metric_specification[0].metrics :
      metric.id => [metric.metric_stat[0].stat, metric.metric_stat[0].metric[0].namespace, metric.metric_stat[0].metric[0].metric_name, one(metric.metric_stat[0].metric[0].dimensions).value] if !metric.return_data } == {
      sessions = ["Average", "Guildhall/test", "ActiveGameSessions", "main"]
      samples  = ["SampleCount", "Guildhall/test", "ActiveGameSessions", "main"]
    queued = ["Average", "Guildhall/test", "QueueDepth", "main"] }
    error_message = "The expression is made of the metrics that game sims publish."
  }

  assert {
    condition     = aws_autoscaling_group.this.protect_from_scale_in == false && length(aws_autoscaling_group.this.vpc_zone_identifier) >= 2
    error_message = "Game sims protect themselves, in two zones at least."
  }

  assert {
    condition = (one(aws_autoscaling_group.this.initial_lifecycle_hook).lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING" &&
      one(aws_autoscaling_group.this.initial_lifecycle_hook).heartbeat_timeout * 100 >= jsondecode(file("../../scaling.json")).drain_deadline_s &&
      aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 &&
      aws_autoscaling_group.this.instance_refresh[0].preferences[0].scale_in_protected_instances == "Refresh" &&
    aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback)
    error_message = "An instance that goes has time to drain, which a hook gives a hundred times its heartbeat for; a refresh brings new ones first and goes back."
  }
}

run "instances" {
  command = apply

  assert {
    condition     = one(aws_launch_template.this.metadata_options).http_tokens == "required" && one(aws_launch_template.this.metadata_options).http_put_response_hop_limit == 1
    error_message = "Metadata is for those who ask with a token, on the instance itself."
  }

  assert {
    condition     = one(aws_launch_template.this.block_device_mappings).ebs[0].encrypted == "true" && one(aws_launch_template.this.network_interfaces).associate_public_ip_address == "true"
    error_message = "The disk is encrypted, and players reach the instance."
  }

  assert {
    condition = alltrue([for line in [
      "GUILDHALL_API=https://api.test", "GUILDHALL_GAMESIM_PORT=7000", "GUILDHALL_GAMESIM_CAPACITY=256", "GUILDHALL_DRAIN_S=14700",
      "GUILDHALL_LOG_FORMAT=json", "CHECKPOINT_BUCKET=sessions", "AWS_REGION=eu-north-1", "CLOUDWATCH_NAMESPACE=Guildhall/test", "GUILDHALL_FLEET=main",
      "EC2_METADATA_ENDPOINT=http://169.254.169.254", "AUTOSCALING_GROUP=guildhall-test-gamesims", "AUTOSCALING_LIFECYCLE_HOOK=drain",
      "echo '00000000000000000000000000000000000000000000000000000000000000ff  /opt/guildhall/gamesim' | sha256sum --check --quiet",
      "TimeoutStopSec=14770", "echo 'net.core.rmem_max=4194304' >/etc/sysctl.d/90-guildhall.conf",
    ] : contains(split("\n", base64decode(aws_launch_template.this.user_data)), line)])
    error_message = "An instance starts the game sim that it was told, with what gamesim/src/config.rs reads."
  }

  assert {
    condition     = length(base64decode(aws_launch_template.this.user_data)) < 16384 && !strcontains(base64decode(aws_launch_template.this.user_data), "OTEL_")
    error_message = "User data has 16 KB at most, and what is not set is not there."
  }

  assert {
    condition = toset(flatten([for policy in [aws_iam_role_policy.gamesim, aws_iam_role_policy.guard] : [
      for statement in jsondecode(policy.policy).Statement : [for pair in setproduct(statement.Action, statement.Resource) : join(" ", pair)]]])) == toset([
      "execute-api:Invoke arn:aws:execute-api:eu-north-1:123456789012:api123/$default/POST/internal/gamesims",
      "s3:GetObject arn:aws:s3:::releases/*/gamesim",
      "s3:GetObject arn:aws:s3:::sessions/checkpoints/*",
      "s3:PutObject arn:aws:s3:::sessions/checkpoints/*",
      "s3:PutObject arn:aws:s3:::sessions/recordings/*",
      "s3:PutObject arn:aws:s3:::sessions/content/*",
      "s3:ListBucket arn:aws:s3:::sessions",
      "cloudwatch:PutMetricData *",
      "autoscaling:CompleteLifecycleAction arn:aws:autoscaling:eu-north-1:123456789012:autoScalingGroup:1:autoScalingGroupName/mocked",
      "autoscaling:RecordLifecycleActionHeartbeat arn:aws:autoscaling:eu-north-1:123456789012:autoScalingGroup:1:autoScalingGroupName/mocked",
      "autoscaling:SetInstanceProtection arn:aws:autoscaling:eu-north-1:123456789012:autoScalingGroup:1:autoScalingGroupName/mocked",
      "sqs:SendMessage arn:aws:sqs:eu-north-1:123456789012:queue",
      "logs:CreateLogStream arn:aws:logs:eu-north-1:123456789012:log-group:mocked:*",
      "logs:DescribeLogStreams arn:aws:logs:eu-north-1:123456789012:log-group:mocked:*",
      "logs:PutLogEvents arn:aws:logs:eu-north-1:123456789012:log-group:mocked:*",
    ])
    error_message = "A game sim may do this and nothing else."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.gamesim.policy).Statement : statement.Condition if contains(statement.Resource, "*")] == [
    { StringEquals = { "cloudwatch:namespace" = "Guildhall/test" } }]
    error_message = "Where an action knows no resources, a condition bounds it."
  }
}

run "nobody_else" {
  command = apply

  assert {
    condition     = [for statement in jsondecode(aws_iam_role.gamesim.assume_role_policy).Statement : statement.Principal.Service] == ["ec2.amazonaws.com"]
    error_message = "Where no principals are named, instances alone take the role."
  }
}

run "who_redrives" {
  command = apply

  variables {
    operator_principals = ["arn:aws:iam::123456789012:role/on-call"]
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role.gamesim.assume_role_policy).Statement : statement.Principal]) == jsonencode([
    { Service = "ec2.amazonaws.com" }, { AWS = ["arn:aws:iam::123456789012:role/on-call"] }])
    error_message = "Those who are named may write in the name of a game sim."
  }
}

run "a_checksum_that_is_none" {
  command = plan

  variables {
    release_sha256 = "abc"
  }

  expect_failures = [var.release_sha256]
}
