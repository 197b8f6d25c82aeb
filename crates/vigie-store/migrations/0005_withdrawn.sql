-- A publication whose post was withdrawn while it was on its way: it is looked for, and never sent again.
alter table publication add column withdrawn_at bigint;
