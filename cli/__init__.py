"""The command ``autograd-lab``; installed as ``autograd_lab_cli``."""
