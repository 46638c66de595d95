-- One row a batch document. It is READING, then RUNNING until its last row has ended, then FINISHED.
CREATE TABLE batch (
  batch_id         TEXT PRIMARY KEY,
  source           TEXT   NOT NULL,   -- the file, or the message, that it is read from
  phase            TEXT   NOT NULL,
  taken            BIGINT NOT NULL,   -- how many rows of the document are surely sent
  problem          TEXT,              -- what kept the rest of the document from being read
  started_at       BIGINT NOT NULL,
  read_at          BIGINT,
  finished_at      BIGINT
);

-- One row a row of the document, with what is told of it. The one-time password is not among its values.
CREATE TABLE batch_row (
  batch_id         TEXT   NOT NULL,
  number           BIGINT NOT NULL,   -- of the row in its document, from 1
  line             BIGINT NOT NULL,   -- where it begins; several rows of a JSON array may share one
  job_id           TEXT,              -- NULL if it was refused and is no job
  otp_hash         TEXT,
  fields           TEXT   NOT NULL,   -- JSON object of texts: the columns of the document
  outcome          TEXT,              -- NULL while its job runs
  reason           TEXT,
  detail           TEXT,
  attempts         INTEGER,
  pay_connect_id   TEXT,
  pay_connect_name TEXT,
  terminal_id      TEXT,
  ended_at         BIGINT,
  PRIMARY KEY (batch_id, number)
);
CREATE INDEX batch_row_by_job ON batch_row (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX batch_row_by_outcome ON batch_row (batch_id, outcome);
