/**
 * Batch documents: whole estates of terminals in one file or message. Reads CSV, NDJSON and JSON arrays row by row, in
 * memory that does not grow with the document but for a few bytes a row, and names what is wrong by line and column.
 */
package io.pairingbridge.batch;
