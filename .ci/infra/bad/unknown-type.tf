# refused by terraform: Invalid resource type
resource "aws_sqs_queues" "this" {
  name = "dead-letters"
}
