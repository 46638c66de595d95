package io.pairingbridge.sealing;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A key file as plain JSON members, before anybody decides what its keys are good for: so that a refusal can be worded
 * by us, and never quotes a value of a file that may hold a private key by mistake.
 *
 * @param file where it was read, as the user wrote it
 * @param document the whole document, members we don't know included
 */
record KeySetFile(Path file, Map<String, Object> document) {

    /**
     * The members of RFC 7518, section 6, that only a private or symmetric key has, and {@code priv} of newer key
     * types.
     */
    private static final List<String> SECRET_MEMBERS = List.of("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv");

    static KeySetFile read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new KeyFileException("Key file " + file
                    + " does not exist: make one with 'pairing-bridge keys new' or correct the path.");
        } catch (CharacterCodingException e) {
            throw new KeyFileException("Key file " + file
                    + " is not UTF-8 text: a JWKS file (RFC 7517) is expected, not PEM, DER or a key store.");
        } catch (IOException e) {
            throw new KeyFileException(
                    "Key file " + file + " can't be read: check that it is a file and that this user may read it.", e);
        }
        try {
            return new KeySetFile(file, JSONObjectUtils.parse(text));
        } catch (ParseException e) {
            throw new KeyFileException("Key file " + file
                    + " is not a JSON object: a JWKS file (RFC 7517) is expected, not PEM, DER or a key store.");
        }
    }

    /** The members of each key, in the file's order. */
    List<Map<String, Object>> keys() {
        if (!(document.get("keys") instanceof List<?> list) || list.isEmpty()) {
            throw new KeyFileException(
                    "Key file " + file + " has no keys: a JWKS file is {\"keys\": [ … ]} with at least one key"
                            + (isSingleKey() ? "; this is a single key, put it between those brackets." : "."));
        }
        List<Map<String, Object>> keys = new ArrayList<>();
        for (Object entry : list) {
            if (!(entry instanceof Map<?, ?> members)) {
                throw new KeyFileException("Key file " + file + ": key number " + (keys.size() + 1)
                        + " is not a JSON object; remove or correct it.");
            }
            @SuppressWarnings("unchecked") // the names in a JSON object are text
            var key = (Map<String, Object>) members;
            keys.add(key);
        }
        return keys;
    }

    /** Whether the document is one key instead of a set of keys. */
    boolean isSingleKey() {
        return document.containsKey("kty");
    }

    /** What a message calls the key at this place: its kid, or its number (from 1) if it has none. */
    String name(Map<String, Object> key, int number) {
        String kid = kid(key);
        return "Key file " + file + ": key " + (kid == null ? "number " + number : "'" + kid + "'");
    }

    static String kid(Map<String, Object> key) {
        return key.get("kid") instanceof String kid && !kid.isBlank() ? kid : null;
    }

    static boolean isSecret(Map<String, Object> key) {
        return SECRET_MEMBERS.stream().anyMatch(key::containsKey);
    }
}
