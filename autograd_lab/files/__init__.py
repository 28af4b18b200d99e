"""Files of arrays and numbers: written whole or not at all, read with distrust, never executed."""
