-- What the organisation makes of the rules: `id` is always 1. The version goes up with every change.
create table rule_book (
    id bigint primary key check (id = 1),
    version bigint not null,
    body text not null
);
insert into rule_book (id, version, body) values (1, 0, '{}');
