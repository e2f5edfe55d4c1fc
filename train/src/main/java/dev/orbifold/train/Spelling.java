package dev.orbifold.train;

import java.util.Collection;
import java.util.Comparator;

/** The word that somebody may have meant. */
final class Spelling {
    /** So many letters may differ. */
    private static final int FAR = 3;

    private Spelling() {
    }

    /** The nearest of some words, as the end of a sentence; nothing where none is near. */
    static String near(Collection<String> words, String found) {
        return words.stream().min(Comparator.comparingInt(k -> distance(k, found)))
                .filter(k -> distance(k, found) <= FAR).map(k -> "; did you mean '" + k + "'?").orElse("");
    }

    /** Letters to insert, delete or replace (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int corner = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                row[j] = Math.min(Math.min(row[j], row[j - 1]) + 1,
                        corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1));
                corner = above;
            }
        }
        return row[b.length()];
    }
}
