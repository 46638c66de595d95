package io.pairingbridge.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/**
 * Remembers in which line and row a text came first, in 32 bytes a text or less: a million of them take 40 MB at most,
 * where a map of strings takes four times that. Holds hashes with a key that nobody knows, no texts. That two texts of
 * a million are taken for the same has a chance of one to forty million.
 */
final class LinesByHash {
    private final byte[] key = new byte[16];
    private final MessageDigest digest;
    private long[] hashes = new long[1 << 10];
    private int[] lines = new int[1 << 10];
    private int[] numbers = new int[1 << 10];
    private int size;

    LinesByHash() {
        new SecureRandom().nextBytes(key);
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The line of an earlier text that is the same and was remembered, or 0. */
    long line(String text) {
        return lines[slot(hashes, lines, hash(text))];
    }

    /** The number of the row of an earlier text that is the same and was remembered, or 0. */
    long number(String text) {
        return numbers[slot(hashes, lines, hash(text))];
    }

    /** The line of an earlier text that is the same, or 0; then this one is remembered. */
    long firstLine(String text, long line, long number) {
        long hash = hash(text);
        if (2 * (size + 1) > hashes.length) {
            grow();
        }
        int slot = slot(hashes, lines, hash);
        if (lines[slot] != 0) {
            return lines[slot];
        }
        hashes[slot] = hash;
        lines[slot] = (int) Math.min(line, Integer.MAX_VALUE);
        numbers[slot] = (int) Math.min(number, Integer.MAX_VALUE);
        size++;
        return 0;
    }

    private long hash(String text) {
        digest.update(key);
        return ByteBuffer.wrap(digest.digest(text.getBytes(StandardCharsets.UTF_8)))
                .getLong();
    }

    private static int slot(long[] hashes, int[] lines, long hash) {
        int slot = (int) hash & hashes.length - 1;
        while (lines[slot] != 0 && hashes[slot] != hash) {
            slot = slot + 1 & hashes.length - 1;
        }
        return slot;
    }

    private void grow() {
        long[] oldHashes = hashes;
        int[] oldLines = lines;
        int[] oldNumbers = numbers;
        hashes = new long[2 * oldHashes.length];
        lines = new int[2 * oldLines.length];
        numbers = new int[2 * oldLines.length];
        for (int i = 0; i < oldHashes.length; i++) {
            if (oldLines[i] != 0) {
                int slot = slot(hashes, lines, oldHashes[i]);
                hashes[slot] = oldHashes[i];
                lines[slot] = oldLines[i];
                numbers[slot] = oldNumbers[i];
            }
        }
    }
}
