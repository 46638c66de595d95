/**
 * What a batch document is made of: finds out whether it is CSV, NDJSON or a JSON array, and reads it row by row, in
 * memory that does not grow with it. Knows no request and no journal.
 */
package io.pairingbridge.batch.document;
