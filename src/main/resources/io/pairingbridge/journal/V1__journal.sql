-- One row a job: where it is now. Times are milliseconds since 1970-01-01T00:00Z. Plain types, the same on every database.
CREATE TABLE job (
  job_id           TEXT PRIMARY KEY,
  state            TEXT   NOT NULL,
  otp_hash         TEXT,              -- keyed hash; the one-time password is never stored
  carrier          TEXT,              -- the message that moved the job last
  batch_id         TEXT,
  reference        TEXT,              -- JSON object of texts, echoed in the outcome event
  requested_at     BIGINT NOT NULL,
  expires_at       BIGINT,
  due_at           BIGINT,
  waits            INTEGER NOT NULL DEFAULT 0,
  attempts         INTEGER NOT NULL DEFAULT 0,
  ambiguous        INTEGER NOT NULL DEFAULT 0,
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
  updated_at       BIGINT NOT NULL
);
CREATE INDEX job_by_state ON job (state);
CREATE INDEX job_by_end ON job (finished_at) WHERE finished_at IS NOT NULL;

-- One row an attempt, and the sealed answer that it brought until that is published.
CREATE TABLE attempt (
  attempt_id       TEXT PRIMARY KEY,
  job_id           TEXT   NOT NULL,
  number           INTEGER NOT NULL,
  owner            TEXT   NOT NULL,
  started_at       BIGINT NOT NULL,
  deadline         BIGINT NOT NULL,
  ended_at         BIGINT,
  result           TEXT,
  http_status      INTEGER,
  detail           TEXT,
  sealed           TEXT,
  key_id           TEXT,
  content_type     TEXT,
  late             INTEGER NOT NULL DEFAULT 0,
  pay_connect_id   TEXT,
  pay_connect_name TEXT,
  terminal_id      TEXT,
  published_at     BIGINT
);
CREATE INDEX attempt_by_job ON attempt (job_id);
CREATE INDEX attempt_sealed ON attempt (ended_at) WHERE sealed IS NOT NULL;

-- Deliveries that were begun and came back before they got anywhere.
CREATE TABLE setback (
  carrier    TEXT PRIMARY KEY,
  job_id     TEXT,
  begun      INTEGER NOT NULL,
  updated_at BIGINT NOT NULL
);

-- The one row that proves, by being written, that the journal is able to write.
CREATE TABLE pulse (
  id         INTEGER PRIMARY KEY,
  owner      TEXT,
  beaten_at  BIGINT NOT NULL
);
