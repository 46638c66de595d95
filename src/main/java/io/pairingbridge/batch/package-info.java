/**
 * Batches: whole estates of terminals in one file or message. Takes documents from a folder or a queue, names what is
 * wrong by line and column, sends the rows as requests, and writes the report once the last one has ended.
 */
package io.pairingbridge.batch;
