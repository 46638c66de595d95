/** What all stages share: a job, its attempts, its result and its outcome. */
package io.pairingbridge.job;
