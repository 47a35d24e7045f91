# The game sims: an autoscaling group over several zones whose instances drain before they go. All numbers are those of
# infra/scaling.json, which the simulation of docs/OPERATIONS.md has found.

locals {
  scaling     = jsondecode(file("${path.module}/../../scaling.json"))
  group       = "${var.prefix}-gamesims"
  drain_hook  = "drain"
  log_group   = "/guildhall/${var.prefix}/gamesims"
  metric_name = { sessions = local.scaling.metric_name, samples = local.scaling.metric_name, queued = local.scaling.queue_metric_name }
  statistic   = { sessions = "Average", samples = "SampleCount", queued = "Average" }

  environment = merge({
    GUILDHALL_API              = var.api_url
    GUILDHALL_GAMESIM_PORT     = var.game_ports.first
    GUILDHALL_GAMESIM_CAPACITY = local.scaling.capacity_sessions
    GUILDHALL_DRAIN_S          = local.scaling.drain_deadline_s
    GUILDHALL_LAST_WRITES_S    = local.last_writes_s
    GUILDHALL_METRICS_BIND     = "127.0.0.1:9100"
    GUILDHALL_DEAD_LETTERS     = "/var/lib/guildhall/dead-letters.ndjson"
    GUILDHALL_LOG_FORMAT       = "json"
    GUILDHALL_FLEET            = local.scaling.fleet
    CHECKPOINT_BUCKET          = module.bucket.name
    AWS_REGION                 = var.aws.region
    CLOUDWATCH_NAMESPACE       = var.metric_namespace
    EC2_METADATA_ENDPOINT      = "http://169.254.169.254"
    AUTOSCALING_GROUP          = local.group
    AUTOSCALING_LIFECYCLE_HOOK = local.drain_hook
  }, var.traces)

  last_writes_s = 10
  # Longer than a drain with its last writes, so that systemd never cuts one short.
  stop_s = local.scaling.drain_deadline_s + local.last_writes_s + 60
}

# Amazon Linux 2023. An apply takes the latest image, and the group then refreshes itself.
data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
}

resource "aws_launch_template" "this" {
  # checkov:skip=CKV_AWS_88: Players reach each game sim at its own address; the security group lets game ports in and nothing else.
  name                   = local.group
  description            = "A game sim of release ${var.release}"
  image_id               = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.instance_type
  update_default_version = true

  user_data = base64encode(templatefile("${path.module}/start.sh", {
    environment       = { for name, value in local.environment : name => value if value != null && value != "" }
    region            = var.aws.region
    binary            = "s3://${var.releases.name}/${var.release}/gamesim"
    sha256            = var.release_sha256
    log_group         = aws_cloudwatch_log_group.this.name
    dead_letter_queue = aws_sqs_queue.dead_letters.url
    stop_s            = local.stop_s
    ship_dead_letters = trimspace(file("${path.module}/ship-dead-letters"))
  }))

  iam_instance_profile {
    arn = aws_iam_instance_profile.gamesim.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  network_interfaces {
    associate_public_ip_address = true
    delete_on_termination       = true
    security_groups             = [var.security_group_id]
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 8
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${var.prefix}-gamesim" })
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                    = local.group
  min_size                = coalesce(var.size.min, local.scaling.gamesims_min)
  max_size                = coalesce(var.size.max, local.scaling.gamesims_max)
  vpc_zone_identifier     = var.subnet_ids
  health_check_type       = "EC2"
  default_instance_warmup = local.scaling.warmup_s
  # A game sim asks for protection itself while sessions live on it.
  protect_from_scale_in = false
  termination_policies  = ["OldestLaunchTemplate", "Default"]
  enabled_metrics       = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupTerminatingInstances", "GroupTotalInstances"]
  # An apply does not wait for game sims: whether any are healthy is for the alarm to say.
  wait_for_capacity_timeout = "0"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  initial_lifecycle_hook {
    name                 = local.drain_hook
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = local.scaling.lifecycle_heartbeat_s
    default_result       = "CONTINUE"
  }

  # Another launch template replaces the instances: new ones first, a tenth of them for five minutes, and each old one drains
  # under its hook. Alarms bring the former template back.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage       = 100
      max_healthy_percentage       = 150
      instance_warmup              = local.scaling.warmup_s
      checkpoint_percentages       = [10, 100]
      checkpoint_delay             = 300
      scale_in_protected_instances = "Refresh"
      standby_instances            = "Ignore"
      skip_matching                = true
      auto_rollback                = true

      alarm_specification {
        alarms = var.rollback_alarms
      }
    }
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = "${var.prefix}-gamesim" })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  depends_on = [aws_iam_role_policy.gamesim]

  lifecycle {
    # How many there are is the policy's affair.
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "demand" {
  name                   = "sessions-per-gamesim"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = local.scaling.target_sessions

    customized_metric_specification {
      dynamic "metrics" {
        for_each = local.metric_name

        content {
          id          = metrics.key
          return_data = false

          metric_stat {
            stat = local.statistic[metrics.key]

            metric {
              namespace   = var.metric_namespace
              metric_name = metrics.value

              dimensions {
                name  = "Fleet"
                value = local.scaling.fleet
              }
            }
          }
        }
      }

      metrics {
        id          = "demand"
        label       = "Sessions per game sim, with the parties that wait"
        expression  = local.scaling.metric_expression
        return_data = true
      }
    }
  }
}
