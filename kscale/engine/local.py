"""The engine of this machine: spawned processes, one thread each; in this process if it is one worker."""
