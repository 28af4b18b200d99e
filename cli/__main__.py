"""``python -m autograd_lab_cli`` is the command ``autograd-lab``."""

from autograd_lab_cli.main import main

main()
