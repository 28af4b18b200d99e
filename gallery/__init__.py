"""Pictures and pages made by autograd-lab; installed as ``autograd_lab_gallery``."""
