"""Why a file is refused, with what to do instead."""

from __future__ import annotations

from storage.errors import WaymarkError


class FileEmpty(WaymarkError):
    """There is nothing in it."""

    key = "error.file_empty"
    sentence = "{name} is empty. Choose another file."


class FileTooBig(WaymarkError):
    """More bytes than we read."""

    key = "error.file_too_big"
    sentence = "{name} is larger than {megabytes} MB. Split it, or save it without pictures."


class FileLegacyOffice(WaymarkError):
    """A file of Office 97-2003."""

    key = "error.file_legacy_office"
    sentence = "{name} is in an old Office format. Open it, save it as .{instead}, and send that."


class FileIsArchive(WaymarkError):
    """A ZIP or the like."""

    key = "error.file_is_archive"
    sentence = "{name} is an archive. Unpack it and send the documents one by one."


class FileEncrypted(WaymarkError):
    """It asks for a password."""

    key = "error.file_encrypted"
    sentence = "{name} is protected by a password. Save it without one and send it again."


class FileScanned(WaymarkError):
    """Pictures of pages."""

    key = "error.file_scanned"
    sentence = "{name} holds {pages} pages as pictures, without text. Recognise the text (OCR), or send the Word file."


class FileWithoutText(WaymarkError):
    """Readable, but there is nothing to read."""

    key = "error.file_without_text"
    sentence = "No text was found in {name}. Check that this is the right file."


class FileUnsupported(WaymarkError):
    """A picture, a program, a sound …"""

    key = "error.file_unsupported"
    sentence = "{name} is not a kind of file that can be read. Possible are: {possible}."


class FileNotAsNamed(WaymarkError):
    """The name ends like a PDF or an Office file, and the bytes are none."""

    key = "error.file_not_as_named"
    sentence = (
        "The name of {name} says {format}, but the content is no {format}. Save or export it as {format} again;"
        " if it is plain text, let the name end in .txt."
    )


class FileDamaged(WaymarkError):
    """The library that knows the format gave up."""

    key = "error.file_damaged"
    sentence = "{name} is damaged or incomplete. Open it, save it anew, and send it again."


class FrontMatterInvalid(WaymarkError):
    """The lines between --- at the top are not YAML."""

    key = "error.front_matter_invalid"
    sentence = (
        "{name}: line {line} between the --- marks at the top is not valid YAML. Correct it or remove these lines."
    )
