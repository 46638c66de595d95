/** The journal in a database: its tables, transactions, and the decisions that are written in them. */
package io.pairingbridge.journal.jdbc;
