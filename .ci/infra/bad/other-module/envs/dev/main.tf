module "guildhall" {
  source = "../../modules/half"
}
