"""What a lab imports: profile, device, data, records, checks and figures.

Importing this package is cheap (no torch, no numpy, no network); each part loads what it needs when it is first used.
"""

from scratchlab.session import Lab, start

__all__ = ["Lab", "start"]
__version__ = "0.1.0"
