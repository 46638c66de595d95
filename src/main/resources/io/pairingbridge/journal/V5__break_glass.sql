-- The content key of a sealed answer, sealed to the break-glass key; comes and goes with the sealed answer.
ALTER TABLE attempt ADD COLUMN break_glass TEXT;
