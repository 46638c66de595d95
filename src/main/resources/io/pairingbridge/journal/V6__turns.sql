-- Who sends the sealed answer of an attempt, and until when nobody else does: of two bridges that send it at the same moment, the
-- broker would keep both messages.
ALTER TABLE attempt ADD COLUMN sender TEXT;
ALTER TABLE attempt ADD COLUMN sending_until BIGINT;
-- The bridge that reads a batch and reports its end; NULL if it was begun by a bridge that wrote none down.
ALTER TABLE batch ADD COLUMN keeper TEXT;
