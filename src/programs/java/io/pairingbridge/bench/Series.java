package io.pairingbridge.bench;

import java.util.ArrayList;
import java.util.List;

/** What one side came to in each round. */
final class Series {
    private final String name;
    private final List<Double> values = new ArrayList<>();

    Series(String name) {
        this.name = name;
    }

    void add(double value) {
        System.out.printf(java.util.Locale.ROOT, "  %s: %.2f%n", name, value);
        values.add(value);
    }

    double get(int round) {
        return values.get(round);
    }

    int rounds() {
        return values.size();
    }

    double median() {
        return sorted().get(values.size() / 2);
    }

    double least() {
        return sorted().get(0);
    }

    double most() {
        return sorted().get(values.size() - 1);
    }

    List<Double> values() {
        return List.copyOf(values);
    }

    private List<Double> sorted() {
        return values.stream().sorted().toList();
    }
}
