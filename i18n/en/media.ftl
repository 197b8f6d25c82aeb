# Pictures.

media-empty = The file is empty.
media-too-large = The file is larger than 15 megabytes.
media-kind = This is not a PNG, JPEG or WebP picture. Moving pictures are not taken yet.
media-damaged = The picture is damaged, or unpacks to something huge. Try to save it again.
