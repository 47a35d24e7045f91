# refused by terraform: Value for unconfigurable attribute
resource "aws_sqs_queue" "this" {
  name = "dead-letters"
  arn  = "arn:aws:sqs:us-east-1:123456789012:dead-letters"
}
