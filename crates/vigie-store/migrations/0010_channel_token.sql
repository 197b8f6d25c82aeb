-- When what opens a channel ends, what its server says about itself (JSON), when it was last tried, and how far what
-- reached it was read.
alter table channel add column token_until bigint;
alter table channel add column limits text;
alter table channel add column checked_at bigint;
alter table channel add column inbound_cursor text;
