package io.pairingbridge.text;

/** How likely a name is another one, mistyped. */
public final class EditDistance {
    private EditDistance() {}

    /** Levenshtein's distance: how many characters to add, drop or change. */
    public static int between(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(Math.min(row[j] + 1, row[j - 1] + 1), replaced);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
