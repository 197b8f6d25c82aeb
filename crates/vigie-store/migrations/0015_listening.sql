-- Chats that are listened to over a connection of ours: one a chat's account, held by one process at a time.
alter table chat_room add column account text;
update chat_room set account = 'matrix ' || server || ' ' || own where kind = 'matrix' and own is not null;
create index chat_room_account on chat_room (account);
create table chat_link (
    -- Which chat, server and account there.
    account text primary key,
    -- The process that holds it, until when, and how often it changed hands.
    holder text,
    fence bigint not null,
    lease_until bigint,
    -- Since when it is connected; nothing while it is not.
    since bigint,
    -- The rooms it is in, one a line, where the chat says so.
    joined text not null,
    -- Why it is not connected, and since when.
    trouble text,
    trouble_at bigint,
    -- Where to go on reading.
    cursor text,
    -- When more was said than could be read.
    missed_at bigint
);
-- A room with one person alone, for what only they may see.
create table chat_direct (
    account text not null,
    speaker text not null,
    room text not null,
    primary key (account, speaker)
);
-- Of which kind a ceremony is, and whom it is for where there is one at a time.
alter table ceremony add column kind text not null default '';
alter table ceremony add column subject text;
create index ceremony_kind on ceremony (kind, expires_at);
