-- Passkey ceremonies between their two halves: any replica may end what another began.
create table ceremony (
    hash bytea primary key,
    body text not null,
    expires_at bigint not null
);
create index ceremony_expires on ceremony (expires_at);
