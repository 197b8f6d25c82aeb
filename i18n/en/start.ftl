# Why the program cannot start: what happened, where, what to do.

start-database-readonly =
    Vigie may not write to its database.
    Where: { $at }
    What to do: give the user who runs Vigie the right to write to this file and its folder, then start again. Nothing was changed.

start-database-busy =
    Another program holds Vigie’s database and does not let go.
    Where: { $at }
    What to do: close that program (a backup, a second Vigie, an open database tool), then start again. Nothing was changed.

start-database-full =
    There is no room left on the disk for Vigie’s database.
    Where: { $at }
    What to do: make room, then start again. What was saved before is kept.

start-database-damaged =
    Vigie’s database is damaged, or is not a database.
    Where: { $at }
    What to do: put the file aside, bring back the latest backup, then start again. Vigie has changed nothing in it.

start-database-away =
    Vigie’s database cannot be opened or reached.
    Where: { $at }
    What to do: see that the file or the server is there, and that the user who runs Vigie may use it, then start again.

start-database-newer =
    A newer Vigie has worked with this database.
    Where: { $at }
    What to do: start that version or a later one. This one changes nothing, to break nothing.

start-database-other =
    This database was prepared by a Vigie that is not quite this one.
    Where: { $at }
    What to do: start the version that made it, or bring back a backup. Nothing was changed.

start-database-address =
    The address of the database is not one that Vigie understands.
    What to do: give --database postgres://… or leave it out to use a file in the data folder.

start-folder-rights =
    Vigie may not use its data folder.
    Where: { $at }
    What to do: make the user who runs Vigie the owner of the folder and of everything in it, then start again.

start-folder-readonly =
    The disk with Vigie’s data folder can only be read.
    Where: { $at }
    What to do: make it writable, or name another folder with --data, then start again.

start-folder-full =
    There is no room left on the disk with Vigie’s data folder.
    Where: { $at }
    What to do: make room, then start again. Nothing was half-written.

start-folder-none =
    What should be Vigie’s data folder is something else.
    Where: { $at }
    What to do: name a folder with --data, or put away what stands in its place.

start-port =
    Another program listens on this address already.
    Where: { $at }
    What to do: stop it (perhaps another Vigie), or name another address with --listen.

start-key-gone =
    The vault’s key is missing, and the database holds what it locks: without it no page opens and nobody can sign in.
    Where: { $path }
    What to do: bring this file back from its backup, or rebuild it from its shares with “vigie vault recover”. Vigie has made no new key.
