"""files.getUploadURLExternal, completeUploadExternal, info, delete."""

import mimetypes
from typing import Any

from deploy.local.workspace.content import checked_content
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, StoredFile, new_id
from deploy.local.workspace.web_api.call import Call

MAX_FILE_BYTES = 50_000_000


def get_upload_url(call: Call) -> JSON:
    name, length = str(call.required("filename")), str(call.required("length"))
    if not length.isdigit() or not 0 < int(length) <= MAX_FILE_BYTES:
        raise SlackError("invalid_arguments")
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = StoredFile(new_id("F"), name, name, mimetype, size=int(length))
    call.workspace.state.files[file.id] = file
    return {"upload_url": f"{call.workspace.base_url}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> JSON:
    """Share uploaded files: without a channel they stay private to the app."""
    files = [_uploaded(call, entry) for entry in call.json("files", [])]
    if not files:
        raise SlackError("invalid_arguments")
    if call.args.get("channel_id") or call.args.get("channels"):
        name = "channel_id" if call.args.get("channel_id") else "channels"
        channel = call.joined_channel(name)
        comment = {"text": call.text("initial_comment"), "blocks": call.args.get("blocks")}
        content = checked_content(comment, call.workspace.faults, required=False)
        content |= {"files": [describe(call, file) for file in files], "upload": True}
        call.workspace.timeline.post_as_app(call.app, channel, content, call.text("thread_ts") or None)
        for file in files:
            file.shared = True
            call.workspace.live.publish("file", channel=channel.id, file=describe(call, file))
    return {"files": [describe(call, file) for file in files]}


def info(call: Call) -> JSON:
    return {"file": describe(call, _find(call, call.args.get("file")))}


def delete(call: Call) -> JSON:
    file = _find(call, call.required("file"))
    del call.workspace.state.files[file.id]
    return {}


def describe(call: Call, file: StoredFile) -> JSON:
    private = f"{call.workspace.base_url}/files-pri/{file.id}/{file.name}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2] or "text",
        "size": file.size,
        "user": call.app.user_id,
        "mode": "hosted",
        "is_external": False,
        "url_private": private,
        "url_private_download": private,
        "permalink": private,
    }


def _find(call: Call, file_id: object) -> StoredFile:
    file = call.workspace.state.files.get(str(file_id))
    if file is None:
        raise SlackError("file_not_found")
    return file


def _uploaded(call: Call, entry: Any) -> StoredFile:
    if not isinstance(entry, dict):
        raise SlackError("invalid_arguments")
    file = _find(call, entry.get("id"))
    if not file.uploaded:
        raise SlackError("file_not_found")
    file.title = str(entry.get("title") or file.name)
    return file
