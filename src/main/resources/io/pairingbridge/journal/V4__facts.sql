-- What all bridges on this journal must agree on.
CREATE TABLE fact (
  name   TEXT PRIMARY KEY,
  value  TEXT NOT NULL
);
