# What a game sim may do, and no more.

resource "aws_iam_role" "gamesim" {
  name = "${var.prefix}-gamesim"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "ec2.amazonaws.com" }
      }],
      # Whoever redrives dead letters writes in the name of the game sim that they are from (infra/redrive).
      [for principals in [var.operator_principals] : {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { AWS = principals }
      } if length(principals) > 0],
    )
  })
}

resource "aws_iam_instance_profile" "gamesim" {
  name = "${var.prefix}-gamesim"
  role = aws_iam_role.gamesim.name
}

resource "aws_iam_role_policy" "gamesim" {
  name = "gamesim"
  role = aws_iam_role.gamesim.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "CallTheApi"
        Effect   = "Allow"
        Action   = ["execute-api:Invoke"]
        Resource = var.invoke_arns
      },
      {
        Sid      = "FetchItself"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${var.releases.arn}/*/gamesim"]
      },
      {
        Sid      = "ReadCheckpoints"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${module.bucket.arn}/checkpoints/*"]
      },
      {
        Sid      = "Store"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [for prefix in ["checkpoints", "recordings", "content"] : "${module.bucket.arn}/${prefix}/*"]
      },
      {
        # Without it S3 answers 403 for a checkpoint that does not exist, and a session could not tell that there is none.
        Sid      = "TellThatThereIsNone"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [module.bucket.arn]
      },
      {
        # The action knows no resources; the namespace bounds it.
        Sid       = "PublishMetrics"
        Effect    = "Allow"
        Action    = ["cloudwatch:PutMetricData"]
        Resource  = ["*"]
        Condition = { StringEquals = { "cloudwatch:namespace" = var.metric_namespace } }
      },
      {
        Sid      = "BuryProgress"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.dead_letters.arn]
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
    ]
  })
}

# Apart, because it names the group, which waits for the rest.
resource "aws_iam_role_policy" "guard" {
  name = "guard-its-instance"
  role = aws_iam_role.gamesim.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:SetInstanceProtection",
      ]
      Resource = [aws_autoscaling_group.this.arn]
    }]
  })
}
