-- Rooms of chats where people of the company talk, what is to be said there, and who of them is which member.
create table chat_room (
    id text primary key,
    kind text not null,
    name text not null,
    -- The chat's own id of the room; empty where the address is the room.
    room text not null,
    -- Address of the server, where there is one to name.
    server text not null,
    lang text not null,
    secret text references secret (id),
    -- The chat's workspace or server, whose ids speakers have.
    chat text not null,
    -- The chat's id of Vigie itself.
    own text,
    status text not null,
    trouble text,
    created_by text not null references member (id),
    created_at bigint not null
);
-- What is to be said, once a room.
create table chat_note (
    id text primary key,
    room text not null references chat_room (id),
    post text references post (id),
    -- review, decision, talk, alarm
    kind text not null,
    -- What it is about: the act, or an alarm's kind, or a person's words (JSON).
    about text not null,
    state text not null,
    tries bigint not null,
    lease_until bigint,
    next_try_at bigint not null,
    thread text,
    message text,
    error text,
    created_at bigint not null,
    sent_at bigint
);
create index chat_note_due on chat_note (state, next_try_at);
create index chat_note_post on chat_note (post);
create index chat_note_thread on chat_note (room, thread);
-- Which member a speaker is: only from a link that the member confirmed while signed in.
create table chat_speaker (
    chat text not null,
    speaker text not null,
    member text not null references member (id),
    name text not null,
    bound_at bigint not null,
    primary key (chat, speaker)
);
create index chat_speaker_member on chat_speaker (member);
-- What was heard, so that it is heard once.
create table chat_heard (
    id text primary key,
    at bigint not null
);
create index chat_heard_at on chat_heard (at);
