"""What comes from outside, and how it is kept: collections, encoders, token states."""
