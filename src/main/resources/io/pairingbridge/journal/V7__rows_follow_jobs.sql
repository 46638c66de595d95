-- A row follows its job for good, also when its batch is finished: then the report is made anew, with the next revision.
ALTER TABLE batch ADD COLUMN name TEXT;                             -- what people call it; NULL: as its id
ALTER TABLE batch ADD COLUMN report TEXT;                           -- the file of the last report for people
ALTER TABLE batch ADD COLUMN warning TEXT;                          -- what a person should know although the document is good
ALTER TABLE batch ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;   -- of the report that is written, or has to be
ALTER TABLE batch ADD COLUMN revised_at BIGINT;                     -- when that of a finished batch was found to be due
ALTER TABLE batch ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;      -- 1 until that report is out
ALTER TABLE batch_row ADD COLUMN revised INTEGER NOT NULL DEFAULT 0; -- 1 if it changed after it had ended, until a report knows
ALTER TABLE batch_row ADD COLUMN same_as BIGINT;                    -- number of an earlier row that has its one-time password
ALTER TABLE batch_row ADD COLUMN paired_before TEXT;                -- another batch in which this terminal was paired with this password
CREATE INDEX batch_row_revised ON batch_row (batch_id) WHERE revised = 1;
CREATE INDEX batch_row_paired ON batch_row (otp_hash) WHERE outcome = 'PAIRED';
