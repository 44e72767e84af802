"""Sub-commands of `watchkeeper`, one file each: a typer app that `deploy.cli` adds."""
