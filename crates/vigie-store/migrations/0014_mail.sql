-- Where members are reached by mail, if they want to be: shown to themselves alone, proven by a letter.
create table mail_address (
    member text primary key references member (id),
    address text not null,
    -- In lower case: two members cannot hold the same.
    folded text not null unique,
    -- Which letters they want, and when (JSON).
    wishes text not null,
    proven_at bigint not null,
    -- Why the last letter did not reach it, a stable name.
    unreached text,
    unreached_at bigint
);
-- The organisation's way to send letters, and to read answers.
create table mail_server (
    id text primary key,
    -- pending, open, closed; one at most is open.
    status text not null,
    -- The address that letters come from.
    sender text not null,
    server text not null,
    account text not null,
    -- Where the key that signs letters is published, if Vigie signs them.
    selector text not null,
    domain text not null,
    -- What is to be published there.
    record text not null,
    -- Where answers are read; empty where they are not.
    inbox text not null,
    inbox_account text not null,
    folder text not null,
    -- The name of the receiving server whose word counts, if any.
    trusted text not null,
    secret text references secret (id),
    trouble text,
    inbox_trouble text,
    -- How far the inbox has been read (JSON).
    cursor text,
    read_at bigint,
    created_by text not null references member (id),
    created_at bigint not null
);
-- Letters to members, written down with what happened.
create table letter (
    id text primary key,
    member text not null references member (id),
    -- review, alarm, decision, talk; gathered (a letter of several);
    -- notice, unsure, counted (answers to one of theirs).
    kind text not null,
    post text references post (id),
    about text not null,
    -- The digest of the content that a review is asked for.
    digest text,
    -- waiting (to be gathered), ready, saying, said, lost, gathered
    state text not null,
    due_at bigint not null,
    tries bigint not null,
    lease_until bigint,
    -- The letter that this one was gathered into.
    in_letter text references letter (id),
    -- The hash of the one-time token that an answer carries, and the answer that used it.
    token bytea,
    used_by text,
    message text,
    error text,
    created_at bigint not null,
    sent_at bigint
);
create index letter_due on letter (state, due_at);
create index letter_member on letter (member, created_at);
create index letter_in_letter on letter (in_letter);
create index letter_token on letter (token);
create index letter_message on letter (message);
create index letter_post on letter (post);
-- Letters that came, until they are judged; then only that they came.
create table letter_in (
    -- The hash of its bytes.
    id text primary key,
    raw bytea,
    tries bigint not null,
    due_at bigint not null,
    verdict text,
    at bigint not null
);
create index letter_in_due on letter_in (verdict, due_at);
