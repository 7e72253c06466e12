"""The scripts here belong to other environments; `make contract` runs them, pytest must not."""

collect_ignore_glob = ["*.py"]
