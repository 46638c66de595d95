-- Whose turn it is to send a sealed answer, and until when: nobody else sends it before that.
ALTER TABLE attempt ADD COLUMN sender TEXT;
ALTER TABLE attempt ADD COLUMN send_until BIGINT;
