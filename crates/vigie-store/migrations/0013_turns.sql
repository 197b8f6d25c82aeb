-- Whose turn it is, channel by channel, without reading what waits on the others.
create index publication_turn on publication (channel, state, due_at);
