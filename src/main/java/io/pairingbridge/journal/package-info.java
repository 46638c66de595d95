/** The durable record of jobs and batches that decides what each delivery and each answer means. */
package io.pairingbridge.journal;
