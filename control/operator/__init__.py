"""An operator's commands: `python -m control ps`, `top`, `logs`, `drain`, `doctor` and others."""
