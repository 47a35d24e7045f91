# refused by terraform: An argument named "visibility_timeout_minutes" is not expected here
resource "aws_sqs_queue" "this" {
  name                       = "dead-letters"
  visibility_timeout_minutes = 1
}
