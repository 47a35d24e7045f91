# refused by terraform: Blocks of type "dead_letters" are not expected here
resource "aws_sqs_queue" "this" {
  dead_letters {
    count = 3
  }
}
