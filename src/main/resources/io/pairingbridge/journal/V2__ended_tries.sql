-- Tries of a job that ended and were followed by one with another one-time password. Whether the message that ended one was
-- ever acknowledged is not known here: it may come again, and is then about this row and not about the job's.
CREATE TABLE ended_try (
  job_id           TEXT   NOT NULL,
  state            TEXT   NOT NULL,
  otp_hash         TEXT   NOT NULL,
  carrier          TEXT,
  batch_id         TEXT,
  reference        TEXT,
  requested_at     BIGINT NOT NULL,
  expires_at       BIGINT,
  due_at           BIGINT,
  waits            INTEGER NOT NULL,
  attempts         INTEGER NOT NULL,
  ambiguous        INTEGER NOT NULL,
  attempt_id       TEXT,
  owner            TEXT,
  deadline         BIGINT,
  reason           TEXT,
  detail           TEXT,
  http_status      INTEGER,
  pay_connect_id   TEXT,
  pay_connect_name TEXT,
  terminal_id      TEXT,
  finished_at      BIGINT,
  PRIMARY KEY (job_id, otp_hash)
);
CREATE INDEX ended_try_by_end ON ended_try (finished_at);
