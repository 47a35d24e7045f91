# refused by rules: a waiver without a reason
resource "aws_sns_topic" "this" {
  # checkov:skip=CKV_AWS_26
  name = "alarms"
}
