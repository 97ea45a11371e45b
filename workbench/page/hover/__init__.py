"""What shows while the pointer rests on something: the cards of latents."""
