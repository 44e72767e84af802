"""A Slack workspace on loopback: Slack's protocols for the app, one web page for people.

Start it with :class:`deploy.local.workspace.server.WorkspaceServer`, or from synchronous code with
:func:`deploy.local.workspace.background.running_workspace`.
"""
