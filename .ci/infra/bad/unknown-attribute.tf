# refused by terraform: This object has no argument, nested block, or exported attribute named "queue_url"
resource "aws_sqs_queue" "this" {
  name = "dead-letters"
}

output "url" {
  value = aws_sqs_queue.this.queue_url
}
