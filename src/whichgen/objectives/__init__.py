"""Training objectives: adversarial ones judge through a discriminator, direct ones do not."""
