package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An integer known up to symbols: factor · symbol · symbol …, with sums and quotients that do not simplify as symbols of
 * their own. Symbols stand for sizes, so they are not negative. The same arithmetic gives the same expression.
 *
 * @param factor the constant factor
 * @param symbols the symbols, sorted; empty for a constant
 */
record Size(long factor, List<String> symbols) {
    /** An integer about which nothing is known. */
    static final Size UNKNOWN = new Size(1, List.of(Dim.UNKNOWN.symbol()));
    private static final int LONGEST = 200;
    private static final Pattern SHIFTED = Pattern
            .compile("\\((.+?)([+-]\\d{1,17})\\)");

    /** A constant. */
    static Size of(long value) {
        return new Size(value, List.of());
    }

    /** The size of a dimension. */
    static Size of(Dim dim) {
        if (dim.isFixed()) {
            return of(dim.size());
        }
        Size product = of(1);
        for (String part : factors(dim.symbol())) {
            product = product.times(
                    part.matches("\\d{1,18}") ? of(Long.parseLong(part)) : new Size(1, List.of(part)));
        }
        return product;
    }

    private static Size symbol(String text) {
        return text.length() > LONGEST ? UNKNOWN : new Size(1, List.of(text));
    }

    /** Whether it is a number. */
    boolean isConstant() {
        return symbols.isEmpty();
    }

    /** Whether anything is known. */
    boolean isKnown() {
        return !symbols.contains(Dim.UNKNOWN.symbol());
    }

    /** Whether it certainly equals the other. */
    boolean same(Size other) {
        return isKnown() && equals(other);
    }

    /** The dimension of this size; unknown if it is negative or nothing is known. */
    Dim dim() {
        if (!isKnown() || factor < 0) {
            return Dim.UNKNOWN;
        }
        return isConstant() ? Dim.of(factor) : Dim.named(toString());
    }

    Size times(Size other) {
        if (factor == 0 && isConstant() || other.factor == 0 && other.isConstant()) {
            return of(0);
        }
        if (!isKnown() || !other.isKnown()) {
            return UNKNOWN;
        }
        long high = Math.multiplyHigh(factor, other.factor);
        long low = factor * other.factor;
        if (high != low >> 63) {
            return UNKNOWN;
        }
        List<String> all = new ArrayList<>(symbols);
        all.addAll(other.symbols);
        Collections.sort(all);
        return new Size(low, List.copyOf(all));
    }

    Size plus(Size other) {
        if (!isKnown() || !other.isKnown()) {
            return UNKNOWN;
        }
        if (symbols.equals(other.symbols)) {
            return factor + other.factor == 0 ? of(0) : new Size(factor + other.factor, symbols);
        }
        if (isConstant() && factor == 0) {
            return other;
        }
        if (other.isConstant() && other.factor == 0) {
            return this;
        }
        if (other.isConstant()) {
            return shifted(other.factor);
        }
        if (isConstant()) {
            return other.shifted(factor);
        }
        String a = toString();
        String b = other.toString();
        return symbol(a.compareTo(b) <= 0 ? "(" + a + "+" + b + ")" : "(" + b + "+" + a + ")");
    }

    /** Adds a constant, joining it with one added before: (n+1)-1 is n. */
    private Size shifted(long by) {
        if (factor == 1 && symbols.size() == 1) {
            String text = symbols.get(0);
            Matcher sum = SHIFTED.matcher(text);
            if (sum.matches() && balanced(sum.group(1))) {
                long total = Long.parseLong(sum.group(2)) + by;
                Size base = of(Dim.named(sum.group(1)));
                return total == 0 ? base : base.isConstant() ? of(base.factor + total) : base.shifted(total);
            }
        }
        return symbol("(" + this + (by < 0 ? "" : "+") + by + ")");
    }

    private static boolean balanced(String text) {
        int depth = 0;
        for (char c : text.toCharArray()) {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth < 0 || depth == 0 && (c == '+' || c == '-')) {
                return false;
            }
        }
        return depth == 0;
    }

    Size minus(Size other) {
        return plus(other.times(of(-1)));
    }

    /** The quotient, rounded down. */
    Size over(Size other) {
        if (!isKnown() || !other.isKnown() || other.factor == 0) {
            return UNKNOWN;
        }
        if (isConstant() && other.isConstant()) {
            return of(Math.floorDiv(factor, other.factor));
        }
        List<String> rest = new ArrayList<>(symbols);
        boolean divides = factor % other.factor == 0;
        for (String s : other.symbols) {
            divides &= rest.remove(s);
        }
        return divides ? new Size(factor / other.factor, List.copyOf(rest)) : symbol("(" + this + "/" + other + ")");
    }

    /** Whether the quotient has no remainder for certain. */
    boolean divides(Size by) {
        Size quotient = over(by);
        return quotient.isKnown() && quotient.times(by).equals(this);
    }

    @Override
    public String toString() {
        if (isConstant()) {
            return Long.toString(factor);
        }
        return (factor == 1 ? "" : factor + "*") + String.join("*", symbols);
    }

    private static List<String> factors(String symbol) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int from = 0;
        for (int i = 0; i < symbol.length(); i++) {
            char c = symbol.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == '*' && depth == 0 && i > from) {
                parts.add(symbol.substring(from, i));
                from = i + 1;
            }
        }
        if (from < symbol.length()) {
            parts.add(symbol.substring(from));
        }
        return parts;
    }
}
