# refused by rules: metadata for whoever asks
resource "aws_launch_template" "this" {
  name = "gamesims"

  metadata_options {
    http_tokens = "optional"
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Project = "guildhall" }
  }
}
