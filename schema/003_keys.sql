-- Keys that change while programs run.

-- Counts up whenever a key was added or taken away: a process that began with another number ends
-- after its answer, and begins anew with the keys that there are then.
CREATE TABLE generation (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	number INTEGER NOT NULL
) STRICT;
INSERT INTO generation (id, number) VALUES (1, 1);
