"""Trials in worker processes, which need a POSIX system (Linux, macOS)."""

from hpo.executors.processes.executor import ProcessExecutor

__all__ = ["ProcessExecutor"]
